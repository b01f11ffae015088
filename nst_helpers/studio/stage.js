export default {
    render({ model, el: root }) {
        const { tell, ask } = line(model, root);
        const picture = el("img", { className: "nst-picture", draggable: false });
        const under = el("img", { className: "nst-under", alt: "", draggable: false });
        const wipe = el("input", { type: "range", className: "nst-wipe", min: 0, max: 100, step: 0.5, value: 0 });
        const edge = el("div", { className: "nst-edge" }), left = el("span", { className: "nst-tag" }), right = el("span", { className: "nst-tag nst-tag-right", text: "painting" });
        const frame = el("div", { className: "nst-frame" }, picture, under, edge, left, right, wipe);
        const act = (name, label, title) => el("button", { type: "button", className: `nst-button nst-${name}`, title, text: label, onclick: () => tell({ do: name }) });
        const run = act("run", "▶ Paint", "Paint from the start, with the choices shown"), stop = act("stop", "■ Stop", "Stop after this step and keep the picture");
        const resume = act("resume", "▶▶ Continue", "Go on from this picture");
        const replay = el("input", { type: "range", className: "nst-replay", min: 0, max: 1, step: 1 });
        const count = el("output", { className: "nst-count" }), note = el("span", { className: "nst-note", role: "status" });
        const download = el("span", { className: "nst-downloads" }, act("save", "⤓ Picture", "Save the picture as a PNG file"), act("film", "⤓ Film", "Save the steps as a moving picture (WebP)"));
        root.classList.add("nst-stage");
        root.append(el("div", { className: "nst-canvas" }, frame), el("div", { className: "nst-play" }, run, stop, resume, replay, count, download), note, alertLine(model));

        const split = () => {
            const at = Number(wipe.value);
            under.style.clipPath = `inset(0 ${100 - at}% 0 0)`;
            edge.style.left = `${at}%`;
            frame.classList.toggle("nst-wiping", at > 0);
            wipe.setAttribute("aria-valuetext", `${Math.round(at)}% ${model.get("under_label")}`);
        };
        const home = () => { wipe.value = 0; split(); };
        wipe.addEventListener("input", split);
        wipe.addEventListener("dblclick", home);
        picture.addEventListener("load", () => frame.style.setProperty("--ratio", picture.naturalWidth / picture.naturalHeight));
        follow(model, "under under_label", () => {
            show(under, model.get("under"));
            left.textContent = model.get("under_label");
            wipe.setAttribute("aria-label", `wipe: how much of ${model.get("under_label")} is shown over the painting`);
            wipe.title = `Drag to compare with ${model.get("under_label")}; double-click to go back`;
            split();
        });

        let live = true; // whether the newest picture is shown, not one from the replay
        const present = () => { if (live) show(picture, model.get("value")); };
        const place = () => {
            const { running, step = 0, total = 1, note: words = "", more } = model.get("state"), frames = model.get("steps");
            run.hidden = running;
            stop.hidden = !running;
            resume.hidden = running || !more;
            const looking = !running && !live && frames.length;
            replay.max = running ? total : Math.max(1, frames.length - 1);
            replay.disabled = running || frames.length < 2;
            if (live) replay.value = running ? step : replay.max;
            const shown = looking ? frames[replay.value] : step, first = looking && !shown; // the painter's picture
            count.textContent = `${shown}/${total}`;
            replay.setAttribute("aria-label", "replay the steps");
            replay.setAttribute("aria-valuetext", first ? "one pass of the painter" : `step ${shown} of ${total}`);
            download.hidden = running;
            const said = first ? "one pass of the painter, before the first step" : words;
            if (note.textContent !== said) note.textContent = said;
        };
        replay.addEventListener("input", () => {
            const frames = model.get("frames"), at = Number(replay.value);
            live = at >= frames.length - 1;
            show(picture, live ? model.get("value") : frames[at]);
            place();
        });
        follow(model, "value", present);
        follow(model, "alt", () => { picture.alt = model.get("alt"); });
        model.on("change:steps", () => { live = true; present(); place(); });
        follow(model, "state", () => {
            if (model.get("state").running && !live) { live = true; present(); }
            place();
        });
        model.on("msg:custom", (message, buffers) => { if (message.file) save(buffers[0], message.file, message.type); });
        ask(); // whether anybody is there: the page may have been loaded again
        return () => { show(picture); show(under); };
    },
};
