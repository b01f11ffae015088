// Kinds of fields: range (log: powers of ten), number, check, menu, text, file, button.
const short = value => Math.abs(value) >= 1e6 ? value.toExponential(1).replace("e+", "e") : Number(value.toPrecision(3)).toLocaleString("en");

export default {
    render({ model, el: root }) {
        const { set, tell } = line(model, root), controls = {};
        const change = (name, value) => set({ value: { ...model.get("value"), [name]: value }, error: "" });
        const words = alertLine(model);
        root.classList.add("nst-form");
        root.setAttribute("role", "group");
        root.setAttribute("aria-label", model.get("label"));

        const kinds = {
            range(field) {
                const out = el("output"), later = seldom(value => change(field.name, value));
                const read = () => field.log ? Number((10 ** Number(input.value)).toPrecision(4)) : Number(input.value);
                const say = value => { out.textContent = field.silent ? "" : value === null ? "–" : short(value) + (field.unit ?? ""); };
                const input = el("input", { type: "range", min: field.min, max: field.max, step: field.step, "aria-label": field.label,
                    oninput: () => { say(read()); later(read()); } });
                controls[field.name] = value => {
                    const at = value === null || value === 0 && field.log ? field.min : field.log ? Math.log10(value) : value;
                    if (!(document.activeElement === input && Math.abs(input.value - at) < field.step)) input.value = at;
                    say(value);
                    input.setAttribute("aria-valuetext", `${out.textContent || short(at)}${field.ends ? `, from ${field.ends[0]} to ${field.ends[1]}` : ""}`);
                };
                const ends = field.ends ?? [field.label, ""];
                return el("label", { className: field.ends ? "nst-field nst-ends" : "nst-field" }, el("span", { text: ends[0] }), input, ...(field.ends ? [el("span", { text: ends[1] })] : []), out);
            },
            number(field) {
                const input = el("input", { type: "number", min: field.min, max: field.max, step: field.step ?? 1, "aria-label": field.label, onchange: () => change(field.name, Number(input.value)) });
                controls[field.name] = value => { input.value = value; };
                return el("label", { className: "nst-field" }, el("span", { text: field.label }), input);
            },
            check(field) {
                const input = el("input", { type: "checkbox", "aria-label": field.label, onchange: () => change(field.name, input.checked) });
                controls[field.name] = value => { input.checked = Boolean(value); };
                return el("label", { className: "nst-field nst-check" }, input, el("span", { text: field.label }));
            },
            menu(field) {
                const input = el("select", { "aria-label": field.label, onchange: () => change(field.name, input.value) });
                controls[field.name] = value => {
                    const options = field.options.some(([, option]) => option === value) ? field.options : [...field.options, [value, value]];
                    input.replaceChildren(...options.map(([text, option]) => el("option", { text, value: option })));
                    input.value = value;
                };
                return el("label", { className: "nst-field" }, el("span", { text: field.label }), input);
            },
            text(field) {
                const input = el("input", { type: "text", placeholder: field.hint ?? "", "aria-label": field.label });
                const send = () => { if (input.value.trim()) tell({ enter: field.name, text: input.value.trim() }); };
                input.addEventListener("keydown", event => { event.stopPropagation(); if (event.key === "Enter") send(); });
                return el("label", { className: "nst-field nst-wide" }, el("span", { text: field.label }), input);
            },
            file(field) {
                const input = el("input", { type: "file", accept: field.accept, hidden: true, onchange: async () => {
                    const [file] = input.files;
                    if (file) tell({ enter: field.name, text: await file.slice(0, 2e5).text() });
                    input.value = "";
                } });
                return el("span", { className: "nst-field" }, el("button", { type: "button", className: "nst-button", text: field.label, onclick: () => input.click() }), input);
            },
            button(field) {
                return el("button", { type: "button", className: `nst-button nst-${field.name}`, text: field.label, title: field.hint ?? "", "aria-label": field.hint ?? field.label, onclick: () => tell({ do: field.name }) });
            },
        };

        const places = {};
        follow(model, "fields", () => {
            root.replaceChildren(...model.get("fields").map(field => places[field.name] = kinds[field.kind](field)), words);
            for (const field of model.get("fields")) places[field.name].classList.add(`nst-field-${field.name.replaceAll("_", "-")}`);
            fill();
        });
        function fill() {
            for (const [name, value] of Object.entries(model.get("value"))) controls[name]?.(value);
        }
        model.on("change:value", fill);
        follow(model, "error error_at", () => { // beside the control that caused it
            (places[model.get("error_at")] ?? root.lastElementChild)?.after(words);
        });
        model.on("msg:custom", (message, buffers) => { if (message.file) save(buffers[0], message.file, message.type); });
    },
};
