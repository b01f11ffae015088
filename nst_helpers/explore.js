// Names for an explorer's sliders and its picture: ipywidgets gives them none that a screen reader could say.
function render({ model, el }) {
  const observer = new MutationObserver(name);
  let panel = null;
  function name() {
    for (const handle of panel.querySelectorAll(".noUi-handle")) {
      const row = handle.closest(".widget-inline-hbox"), handles = row.querySelectorAll(".noUi-handle");
      const end = handles.length > 1 ? (handle === handles[0] ? ", from" : ", to") : "";
      handle.setAttribute("aria-label", row.querySelector("label").textContent + end);
      if (!end) handle.setAttribute("aria-valuetext", row.querySelector(".widget-readout").textContent);
    }
    const picture = panel.querySelector("img.widget-image");
    if (picture) picture.alt = model.get("alt");
  }
  function begin() {
    panel = el.closest(".nst-explorer");
    if (!panel) return setTimeout(begin, 50); // not on the page yet
    observer.observe(panel, { childList: true, subtree: true }); // its other parts come, and a slider's number changes
    name();
  }
  begin();
  model.on("change:alt", () => panel && name());
  return () => observer.disconnect();
}
export default { render };
