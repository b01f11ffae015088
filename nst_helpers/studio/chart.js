export default {
    render({ model, el: root }) {
        root.classList.add("nst-chart-box");
        follow(model, "value", () => { root.innerHTML = model.get("value"); }); // made by the package of numbers alone
    },
};
