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
        follow(model, "svg", () => {
            const focus = drawing.contains(document.activeElement) ? document.activeElement.dataset : null;
            drawing.innerHTML = model.get("svg"); // made by the package of layer names and numbers alone
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
