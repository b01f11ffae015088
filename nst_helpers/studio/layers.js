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
        root.append(el("p", { className: "nst-hint", text: "Point at a layer to see what it sees. C makes it a content layer, S a style layer; the sliders weigh them." }),
            drawing, peeks, list, alertLine(model));

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

        const layersOf = role => Object.entries(model.get("value")[`${role}_layers`] ?? {});
        /** Other weights for the layers of a role: what `change` makes of the present ones. */
        function put(role, change) {
            const value = structuredClone(model.get("value"));
            change(value[`${role}_layers`]);
            set({ value, error: "" });
        }
        function toggle({ role, at: here }) {
            put(role, layers => {
                const has = Object.keys(layers).filter(name => at(name) === here);
                if (has.length) has.forEach(name => delete layers[name]);
                else layers[`relu${here}`] = 1;
            });
        }
        drawing.addEventListener("click", event => { const it = event.target.closest(".nst-toggle"); if (it) toggle(it.dataset); });
        drawing.addEventListener("keydown", event => {
            const it = event.target.closest(".nst-toggle");
            if (!it || ![" ", "Enter"].includes(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
            toggle(it.dataset);
        });

        const weigh = seldom((role, name, weight) => put(role, layers => { if (name in layers) layers[name] = weight; }));
        const rows = new Map(); // kept by role and name: a slider that is dragged stays
        function row(role, name) {
            const out = el("output"), input = el("input", { type: "range", min: -2, max: 2, step: 0.05, "aria-label": `weight of ${role} layer ${name}`,
                title: "Double-click: back to 1", oninput() { const weight = Number((10 ** input.value).toPrecision(3)); say(weight); weigh(role, name, weight); },
                ondblclick() { input.value = 0; input.dispatchEvent(new Event("input")); } });
            const say = weight => { out.textContent = `× ${Number(weight.toPrecision(2))}`; input.setAttribute("aria-valuetext", out.textContent); };
            const place = el("label", { className: "nst-field" }, el("b", { className: `nst-${role[0]}`, text: role[0].toUpperCase() }), el("span", { text: name }), input, out);
            place.addEventListener("pointerenter", () => peek(name));
            return { place, show(weight) { if (document.activeElement !== input) { input.value = Math.log10(Math.max(weight, 0.01)); say(weight); } } };
        }
        follow(model, "value", () => {
            const focus = drawing.contains(document.activeElement) ? document.activeElement.dataset : null, places = [], chosen = {};
            for (const role of ["content", "style"]) {
                const layers = layersOf(role), most = Math.max(...layers.map(([, weight]) => weight));
                chosen[role] = Object.fromEntries(layers.map(([name, weight]) => [at(name), weight / (most || 1)]));
                for (const [name, weight] of layers) {
                    const key = `${role} ${name}`;
                    if (!rows.has(key)) rows.set(key, row(role, name));
                    rows.get(key).show(weight);
                    places.push(rows.get(key).place);
                }
            }
            if (places.some((place, n) => list.children[n] !== place) || list.children.length !== places.length) list.replaceChildren(...places);
            drawing.innerHTML = diagram(chosen); // of numbers alone
            if (focus) drawing.querySelector(`.nst-toggle[data-at="${focus.at}"][data-role="${focus.role}"]`)?.focus();
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

/**
 * SVG of VGG-19's convolutions in five blocks, each with a button C (content layer) and S (style layer). The chosen
 * ones stand filled, as strongly as they weigh. `chosen`: for each role, weights up to 1 by place, such as "3_1".
 */
function diagram(chosen) {
    const parts = [], base = 84, width = 31;
    let x = 8;
    [2, 2, 4, 4, 4].forEach((depth, block) => {
        const start = x, bar = 64 - 10 * block;
        for (let i = 1; i <= depth; i++, x += width + 6) {
            const here = `${block + 1}_${i}`, middle = x + width / 2, roles = ["content", "style"].filter(role => here in chosen[role]);
            parts.push(`<g class="nst-layer" data-at="${here}"><rect class="nst-column" x="${x - 2}" width="${width + 4}" height="148" fill="transparent"/>`,
                `<rect class="nst-bar" x="${x}" y="${base - bar}" width="${width}" height="${bar}" rx="4" fill="currentColor" fill-opacity=".1" stroke="currentColor" stroke-opacity=".4"/>`);
            roles.forEach((role, n) => parts.push(`<rect class="nst-fill nst-${role[0]}" x="${x}" y="${base - bar + n * bar / roles.length}" width="${width}" height="${bar / roles.length}" rx="4" fill-opacity="${(0.3 + 0.7 * Math.sqrt(chosen[role][here])).toFixed(2)}"/>`));
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
