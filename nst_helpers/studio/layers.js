const PEEKS = { sees: "what it sees", content: "the photo as it alone remembers it", style: "the painting as it alone remembers it" };

export default {
    render({ model, el: root }) {
        const { set, tell } = line(model, root), drawing = el("div", { className: "nst-drawing" }), list = el("div", { className: "nst-weights" });
        const title = el("h4", { text: "Point at a layer" }), images = {}, figures = Object.entries(PEEKS).map(([kind, words]) => {
            images[kind] = el("img", { alt: "" });
            return el("figure", {}, images[kind], el("figcaption", { text: words }));
        });
        const peeks = el("div", { className: "nst-peeks" }, title, ...figures);
        root.classList.add("nst-layers");
        root.append(el("p", { className: "nst-hint", text: "Point at a layer to see what it sees. C makes it a content layer, S a style layer." }),
            drawing, el("div", { className: "nst-layer-rows" }, list, peeks), alertLine(model));

        const at = name => name.slice(4);
        let present = "", timer = 0;
        const peek = name => {
            if (name === present) return;
            clearTimeout(timer);
            timer = setTimeout(() => { present = name; tell({ peek: name }); }, 150);
        };
        const layerAt = event => event.target.closest?.("[data-at]")?.dataset.at;
        for (const kind of ["pointerover", "focusin"]) drawing.addEventListener(kind, event => { if (layerAt(event)) peek(`relu${layerAt(event)}`); });
        drawing.addEventListener("pointerleave", () => clearTimeout(timer));

        function toggle(button) {
            const { role, at: here } = button.dataset, value = structuredClone(model.get("value"));
            if (role === "content") {
                const has = value.content.some(name => at(name) === here);
                value.content = has ? value.content.filter(name => at(name) !== here) : [...value.content, `relu${here}`];
            } else {
                const has = Object.keys(value.style).filter(name => at(name) === here);
                if (has.length) has.forEach(name => delete value.style[name]);
                else value.style[`relu${here}`] = 1;
            }
            set({ value, error: "" });
        }
        drawing.addEventListener("click", event => { const it = event.target.closest(".nst-toggle"); if (it) toggle(it); });
        drawing.addEventListener("keydown", event => {
            const it = event.target.closest(".nst-toggle");
            if (!it || ![" ", "Enter"].includes(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
            toggle(it);
        });
        follow(model, "value", () => {
            const { content = [], style = {} } = model.get("value");
            const focus = drawing.contains(document.activeElement) ? document.activeElement.dataset : null;
            drawing.innerHTML = diagram({ content: content.map(at), style: Object.keys(style).map(at) }); // of numbers alone
            if (focus) drawing.querySelector(`.nst-toggle[data-at="${focus.at}"][data-role="${focus.role}"]`)?.focus();
        });

        const weigh = seldom((name, weight) => {
            const value = structuredClone(model.get("value"));
            if (name in value.style) { value.style[name] = weight; set({ value, error: "" }); }
        });
        let names = "";
        const sliders = {};
        follow(model, "value", () => {
            const { content = [], style = {} } = model.get("value");
            if (names !== [content, Object.keys(style)].join("|")) {
                names = [content, Object.keys(style)].join("|");
                list.replaceChildren(...content.map(name => el("div", { className: "nst-field" }, el("b", { className: "nst-c", text: "C" }), el("span", { text: name }), el("small", { text: "content weight: under Weights and losses" }))),
                    ...Object.keys(style).map(name => {
                        const out = el("output"), input = el("input", { type: "range", min: 0, max: 5, step: 0.1, "aria-label": `weight of style layer ${name}`,
                            oninput: () => { out.textContent = `× ${input.value}`; weigh(name, Number(input.value)); } });
                        sliders[name] = value => { if (document.activeElement !== input) input.value = value; out.textContent = `× ${Number(value.toPrecision(3))}`; };
                        return el("label", { className: "nst-field" }, el("b", { className: "nst-s", text: "S" }), el("span", { text: name }), input, out);
                    }));
            }
            for (const [name, value] of Object.entries(style)) sliders[name]?.(value);
        });
        model.on("msg:custom", (message, buffers) => {
            if (message.changed) present = ""; // another photo: what was seen is old
            if (!message.peek || message.peek !== present) return;
            title.textContent = message.title;
            show(images[message.kind], buffers[0]);
            images[message.kind].alt = `${message.peek}: ${PEEKS[message.kind]}`;
        });
        return () => Object.values(images).forEach(image => show(image));
    },
};

/** SVG of VGG-19's convolutions in five blocks, each with a button C (content layer) and S (style layer); the chosen ones stand filled. */
function diagram(chosen) {
    const parts = [], base = 84, width = 31;
    let x = 8;
    [2, 2, 4, 4, 4].forEach((depth, block) => {
        const start = x, bar = 64 - 10 * block;
        for (let i = 1; i <= depth; i++, x += width + 6) {
            const here = `${block + 1}_${i}`, middle = x + width / 2, roles = ["content", "style"].filter(role => chosen[role].includes(here));
            parts.push(`<g class="nst-layer" data-at="${here}"><rect class="nst-column" x="${x - 2}" width="${width + 4}" height="148" fill="transparent"/>`,
                `<rect class="nst-bar" x="${x}" y="${base - bar}" width="${width}" height="${bar}" rx="4" fill="currentColor" fill-opacity=".1" stroke="currentColor" stroke-opacity=".4"/>`);
            roles.forEach((role, n) => parts.push(`<rect class="nst-fill nst-${role[0]}" x="${x}" y="${base - bar + n * bar / roles.length}" width="${width}" height="${bar / roles.length}" rx="4"/>`));
            parts.push(`<text x="${middle}" y="${base + 13}" text-anchor="middle">${here}</text>`);
            ["content", "style"].forEach((role, n) => {
                const on = roles.includes(role), y = base + 19 + 22 * n;
                parts.push(`<g class="nst-toggle nst-${role[0]}-toggle" data-at="${here}" data-role="${role}" role="button" tabindex="0" aria-pressed="${on}" aria-label="${here} as a ${role} layer">`,
                    `<rect x="${x + 3}" y="${y}" width="${width - 6}" height="19" rx="9.5"/><text x="${middle}" y="${y + 13.5}" text-anchor="middle" font-weight="700">${role[0].toUpperCase()}</text></g>`);
            });
            parts.push("</g>");
        }
        parts.push(`<text x="${(start + x - 6) / 2}" y="${base - bar - 6}" text-anchor="middle" fill-opacity=".75">block ${block + 1}</text>`);
        if (block < 4) { // a pooling halves the picture
            parts.push(`<path d="M${x} ${base - 26}l8 5l-8 5z" fill-opacity=".5"/>`);
            x += 14;
        }
    });
    return `<svg class="nst-diagram" role="group" aria-label="VGG-19, layer by layer" viewBox="0 0 ${x} 148" fill="currentColor" font-size="11">${parts.join("")}</svg>`;
}
