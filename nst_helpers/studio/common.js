// What all parts share. Each part's file follows, and exports its render function.

/** An element: `on…` are listeners, `text` its words; other names are properties or attributes. */
function el(tag, set = {}, ...inside) {
    const it = document.createElement(tag);
    for (const [name, value] of Object.entries(set)) {
        if (name.startsWith("on")) it.addEventListener(name.slice(2), value);
        else if (name === "text") it.textContent = value;
        else if (name in it) it[name] = value;
        else it.setAttribute(name, value);
    }
    it.append(...inside);
    return it;
}

/** Show JPEG bytes in an image, and free the picture before. */
function show(image, bytes, type = "image/jpeg") {
    const before = image.dataset.url, url = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], { type })) : "";
    if (url) image.src = url;
    else image.removeAttribute("src");
    image.dataset.url = url;
    if (before) URL.revokeObjectURL(before);
}

/** Save bytes as a file of the reader. */
function save(bytes, name, type) {
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Say, on the panel, that nobody answers; or take that back. */
function mourn(root, dead) {
    const panel = root.closest(".nst-studio") ?? root;
    panel.querySelector(":scope > .nst-dead")?.remove();
    if (dead) panel.prepend(el("p", { className: "nst-dead", role: "alert", text:
        "The kernel does not answer. If it is busy with another cell, wait for it. If it was restarted, this panel is " +
        "a picture only: run its cell again (Shift + Enter)." }));
}

/** Ways to talk to the kernel. `set` changes traits, `tell` sends a message, `ask` only asks for a sign of life. */
function line(model, root) {
    let timer = 0;
    const calm = () => clearTimeout(timer);
    const ask = () => {
        calm();
        model.send({ ping: 1 });
        timer = setTimeout(() => mourn(root, true), 8000);
    };
    model.on("msg:custom", message => {
        if (!message.pong) return;
        calm();
        mourn(root, false);
    });
    model.on("comm_live_update", () => setTimeout(() => // the kernel was restarted
        mourn(root, Boolean(root.closest(".jupyter-widgets-disconnected"))), 0));
    return {
        ask,
        set(traits) {
            for (const [name, value] of Object.entries(traits)) model.set(name, value);
            model.save_changes();
            ask();
        },
        tell(content, buffers) {
            model.send(content, undefined, buffers);
            ask();
        },
    };
}

/** A function that is called at most every `pause` ms, the last time always. */
function seldom(call, pause = 120) {
    let timer = 0, next = 0;
    return (...values) => {
        clearTimeout(timer);
        const run = () => { next = Date.now() + pause; call(...values); };
        if (Date.now() >= next) run();
        else timer = setTimeout(run, next - Date.now());
    };
}

/** Call `draw` now and whenever one of these traits changes. */
function follow(model, names, draw) {
    draw();
    for (const name of names.split(" ")) model.on(`change:${name}`, draw);
}

/** A line for the part's error, which follows it. */
function alertLine(model) {
    const words = el("p", { className: "nst-error", role: "alert" });
    follow(model, "error", () => { words.textContent = model.get("error"); words.hidden = !model.get("error"); });
    return words;
}

