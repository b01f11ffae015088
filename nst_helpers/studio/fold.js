export default {
    render({ model, el: root }) {
        const names = Object.entries(model.get("names"));
        const buttons = names.map(([name, words]) => el("button", { type: "button", className: "nst-button nst-drawer-button", text: words, onclick: () => {
            model.set("value", model.get("value") === name ? "" : name);
            model.save_changes();
        } }));
        root.classList.add("nst-fold");
        root.append(...buttons);
        const place = () => {
            const panel = root.closest(".nst-studio"), open = model.get("value");
            if (!panel) return setTimeout(place, 30); // not on the page yet
            panel.dataset.open = open;
            buttons.forEach((button, n) => {
                button.setAttribute("aria-expanded", names[n][0] === open);
                button.textContent = `${names[n][0] === open ? "▾" : "▸"} ${names[n][1]}`;
            });
        };
        follow(model, "value", place);
    },
};
