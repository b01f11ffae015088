export default {
    render({ model, el: root }) {
        const { set, tell } = line(model, root), row = el("div", { className: "nst-strip-row", role: "group", "aria-label": "kept runs" });
        root.classList.add("nst-strip", "nst-kept");
        root.append(el("h4", { text: "kept runs" }), row, alertLine(model));
        const shown = new Map();
        follow(model, "items value against", () => {
            const items = model.get("items"), value = model.get("value"), against = model.get("against");
            for (const [id, run] of shown) {
                if (items.some(item => item.id === id)) continue;
                show(run.image);
                shown.delete(id);
            }
            const places = [...items].reverse().map(item => { // the newest first
                let run = shown.get(item.id);
                if (!run) {
                    const image = el("img", { alt: "", draggable: false });
                    const choose = el("button", { type: "button", className: "nst-thumb", onclick: () => set({ value: item.id, error: "" }) }, image);
                    const pin = el("button", { type: "button", className: "nst-mini nst-pin", onclick: () => tell({ pin: item.id }) });
                    const compare = el("button", { type: "button", className: "nst-mini nst-compare", text: "⇆", onclick: () => set({ against: model.get("against") === item.id ? 0 : item.id }) });
                    run = { image, choose, pin, compare, place: el("div", { className: "nst-place" }, choose, pin, compare) };
                    shown.set(item.id, run);
                }
                if (run.seen !== item.thumb) { show(run.image, item.thumb); run.seen = item.thumb; }
                run.choose.title = `${item.title}. Shows it, with its settings`;
                run.choose.setAttribute("aria-label", item.title);
                run.choose.setAttribute("aria-pressed", item.id === value);
                run.pin.textContent = item.pinned ? "★" : "☆";
                run.pin.title = item.pinned ? "Pinned: it stays. Press to let it go" : "Pin: keep this run";
                run.pin.setAttribute("aria-label", `pin run ${item.id}`);
                run.pin.setAttribute("aria-pressed", item.pinned);
                run.compare.title = "Compare: wipe the painting against this run";
                run.compare.setAttribute("aria-label", `compare with run ${item.id}`);
                run.compare.setAttribute("aria-pressed", item.id === against);
                return run.place;
            });
            const focus = document.activeElement;
            row.replaceChildren(...places, ...(items.length ? [] : [el("span", { className: "nst-empty", text: "every painting lands here: show it again, pin it ☆, compare it ⇆" })]));
            if (focus && row.contains(focus)) focus.focus();
        });
        return () => shown.forEach(run => show(run.image));
    },
};
