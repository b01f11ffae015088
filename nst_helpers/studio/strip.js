const LONGEST = 2048, RAW = 8e6; // pixels of what is sent; bytes of a file that only the kernel may be able to read

/** A photograph's file, upright and no larger than needed, as JPEG; a small one for the strip. */
async function shrink(file) {
    const bitmap = await createImageBitmap(file);
    const at = longest => {
        const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height)), canvas = el("canvas");
        canvas.width = Math.max(1, Math.round(scale * bitmap.width));
        canvas.height = Math.max(1, Math.round(scale * bitmap.height));
        const pen = canvas.getContext("2d");
        pen.fillStyle = "white"; // under what is transparent
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.imageSmoothingQuality = "high";
        pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
        return canvas;
    };
    const encoded = () => new Promise(done => at(LONGEST).toBlob(done, "image/jpeg", 0.95));
    return { thumb: at(264), bytes: async () => (await encoded()).arrayBuffer() };
}

export default {
    render({ model, el: root }) {
        const { set, tell } = line(model, root), role = model.get("role");
        const row = el("div", { className: "nst-strip-row", role: "group" });
        const input = el("input", { type: "file", accept: "image/*", hidden: true, onchange() { take(input.files); input.value = ""; } });
        root.classList.add("nst-strip", role ? `nst-strip-${role}` : "nst-sheet");
        root.append(...(model.get("label") ? [el("h4", { text: model.get("label") })] : []), row, alertLine(model), input);

        async function take(files) {
            const file = files?.[0];
            if (!file) return;
            try {
                const { thumb, bytes } = await shrink(file);
                row.querySelector(".nst-add").before(el("div", { className: "nst-thumb nst-pending" }, thumb));
                await new Promise(requestAnimationFrame); // it shows before the rest is done
                tell({ file: file.name }, [await bytes()]);
            } catch { // a format that only Pillow may know
                if (file.size > RAW) set({ error: `${file.name}: this browser cannot read it, and it is too large to send as it is. Save it as JPEG.` });
                else tell({ file: file.name }, [await file.arrayBuffer()]);
            }
        }

        const buttons = new Map(); // kept by id: pictures do not blink, and the focus stays
        follow(model, "items value rows columns", () => {
            const items = model.get("items"), chosen = model.get("value"), inside = [];
            const columns = model.get("columns"), head = (text, row, column) => el("span", { className: "nst-head", text, style: `grid-area: ${row + 2} / ${column + 2}` });
            if (!role) row.style.gridTemplateColumns = columns.length ? `auto repeat(${columns.length}, minmax(44px, 1fr))` : "";
            inside.push(...columns.map((text, n) => head(text, -1, n)), ...model.get("rows").map((text, n) => head(text, n, -1)));
            for (const [id, { button, image }] of buttons) {
                if (items.some(item => item.id === id)) continue;
                show(image);
                button.remove();
                buttons.delete(id);
            }
            for (const item of items) {
                if (!buttons.has(item.id)) {
                    const image = el("img", { alt: "", draggable: false }), words = el("span");
                    const button = el("button", { type: "button", className: "nst-thumb", onclick: () => set({ value: item.id, error: "" }) }, image, words);
                    buttons.set(item.id, { button, image, words });
                }
                const { button, image, words } = buttons.get(item.id);
                if (image.seen !== item.thumb) { show(image, item.thumb); image.seen = item.thumb; }
                words.textContent = item.label ?? "";
                button.title = item.title;
                button.style.gridArea = columns.length ? `${item.row + 2} / ${item.column + 2}` : "";
                button.setAttribute("aria-label", `${item.title}${role ? `, as ${role}` : ""}`);
                button.setAttribute("aria-pressed", item.id === chosen);
                inside.push(button);
            }
            if (role) inside.push(el("button", { type: "button", className: "nst-thumb nst-add", "aria-label": `add your own ${role}: choose a file, or drop one here`,
                title: "Choose a file, or drop one here", onclick: () => input.click() }, el("b", { text: "+" }), el("span", { text: "drop yours" })));
            const focus = document.activeElement;
            row.replaceChildren(...inside);
            if (focus && row.contains(focus)) focus.focus();
            const present = buttons.get(chosen)?.button;
            if (present) row.scrollLeft = Math.max(0, present.offsetLeft - row.offsetLeft - row.clientWidth + 2 * present.offsetWidth);
        });

        if (!role) return;
        root.addEventListener("dragover", event => { event.preventDefault(); event.stopPropagation(); root.classList.add("nst-over"); });
        root.addEventListener("dragleave", () => root.classList.remove("nst-over"));
        root.addEventListener("drop", event => {
            event.preventDefault();
            event.stopPropagation();
            root.classList.remove("nst-over");
            take(event.dataTransfer.files);
        });
        model.on("change:error", () => { if (model.get("error")) row.querySelector(".nst-pending")?.remove(); });
    },
};
