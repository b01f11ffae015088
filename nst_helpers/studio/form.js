// Which controls each form has. Kinds: range (log: powers of ten), number, check, menu, text, file, button.
const range = (name, label, min, max, step, more = {}) => ({ kind: "range", name, label, min, max, step, ...more });
const FORMS = {
    mood: [
        range("balance", "balance between photo and painting", -3.5, 0.5, 0.05, { ends: ["photo", "painting"] }),
        { kind: "button", name: "surprise", label: "⚄ Surprise", hint: "Surprise: another painting, and choices that suit it" },
        range("stroke", "stroke size", 0.3, 2.5, 0.1, { unit: "×" }),
        { kind: "check", name: "size", label: "finer (512 px)", off: 320, on: 512 },
        { kind: "check", name: "instant", label: "instant", off: false, on: true, hint:
            "The painter of notebook 10 answers first, in one pass, whatever the balance; then the steps refine its picture " +
            "toward what is set. It starts from the photo and knows the seven paintings that come with the series." },
    ],
    losses: [
        range("content_weight", "content weight", -2, 3, 0.05, { log: true }),
        range("style_weight", "style weight", 0, 8, 0.05, { log: true }),
        range("tv_weight", "TV weight (smooth)", -1, 4, 0.05, { log: true }),
        { kind: "menu", name: "style_loss", label: "style loss" },
    ],
    expert: [
        range("num_epochs", "steps", 5, 500, 5),
        range("size", "size, pixels", 96, 1024, 16),
        { kind: "menu", name: "start", label: "start from" },
        { kind: "number", name: "seed", label: "seed of the noise", min: 0, max: 2147483647 },
        { kind: "menu", name: "optimizer", label: "optimizer" },
        range("lr", "learning rate (Adam)", -3, 1, 0.05, { log: true }),
        { kind: "number", name: "lr_decay_epoch", label: "rate × 0.8, every (Adam)", min: 1, max: 5000 },
        { kind: "menu", name: "precision", label: "precision" },
        { kind: "menu", name: "weights", label: "VGG-19's weights" },
        { kind: "text", name: "content", label: "photo's file", hint: "path, then Enter" },
        { kind: "text", name: "style", label: "painting's file", hint: "path, then Enter" },
        { kind: "text", name: "weights_file", label: "weights' file", hint: "path, then Enter" },
        { kind: "file", name: "json", label: "Load settings …", accept: ".json" },
        { kind: "button", name: "save_json", label: "⤓ Settings", hint: "Save these settings as a file (JSON)" },
    ],
    compare: [
        { kind: "text", name: "sweep", label: "a finished sweep", hint: "path of its folder, then Enter" },
    ],
};
const WORDS = { imagenet: "ImageNet (548 MB download)", embedded: "embedded (slim)", lbfgs: "L-BFGS", adam: "Adam", gram: "Gram matrices" };
const short = value => Math.abs(value) >= 1e6 ? value.toExponential(1).replace("e+", "e") : Number(value.toPrecision(3)).toLocaleString("en");

export default {
    render({ model, el: root }) {
        const { set, tell } = line(model, root), controls = {};
        const change = (name, value) => set({ value: { ...model.get("value"), [name]: value }, error: "" });
        const words = alertLine(model);
        root.classList.add("nst-form");
        root.setAttribute("role", "group");
        root.setAttribute("aria-label", { mood: "main choices", losses: "weights and losses", expert: "expert choices", compare: "a sweep to compare" }[model.get("name")]);

        const kinds = {
            range(field) {
                const out = el("output"), later = seldom(value => change(field.name, value));
                const read = () => field.log ? Number((10 ** Number(input.value)).toPrecision(4)) : Number(input.value);
                const say = value => { out.textContent = value === null ? "–" : short(value) + (field.unit ?? ""); };
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
                const input = el("input", { type: "checkbox", "aria-label": field.label, onchange: () => change(field.name, input.checked ? field.on : field.off) });
                const words = el("span");
                controls[field.name] = value => { // words instead of a value say why there is no choice
                    input.disabled = typeof value === "string";
                    input.checked = !input.disabled && value >= field.on;
                    words.textContent = input.disabled ? `${field.label} (${value})` : field.label;
                };
                return el("label", { className: "nst-field nst-check", title: field.hint ?? "" }, input, words);
            },
            menu(field) {
                const input = el("select", { "aria-label": field.label, onchange: () => change(field.name, input.value) });
                controls[field.name] = value => {
                    const options = [...new Set([...model.get("menus")[field.name], value])];
                    input.replaceChildren(...options.map(value => el("option", { text: WORDS[value] ?? value, value })));
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
        for (const field of FORMS[model.get("name")]) {
            root.append(places[field.name] = kinds[field.kind](field));
            places[field.name].classList.add(`nst-field-${field.name.replaceAll("_", "-")}`);
        }
        const use = kinds.button({ name: "use_asked", label: "" });
        root.append(use, words);
        follow(model, "asked", () => { // weights that somebody's settings want: never fetched unasked
            use.hidden = !model.get("asked");
            use.textContent = `Use the weights ${model.get("asked")}`;
        });
        function fill() {
            for (const [name, value] of Object.entries(model.get("value"))) controls[name]?.(value);
        }
        follow(model, "value", fill);
        follow(model, "error error_at", () => { // beside the control that caused it
            (places[model.get("error_at")] ?? root.lastElementChild)?.after(words);
        });
        model.on("msg:custom", (message, buffers) => { if (message.file) save(buffers[0], message.file, message.type); });
    },
};
