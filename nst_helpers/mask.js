// A canvas over a picture: strokes are kept in an opaque black-and-white mask and shown in translucent orange.
function render({ model, el }) {
  const [width, height] = [model.get("width"), model.get("height")];
  const make = (tag, props, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const canvas = make("canvas", { width, height, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `${model.get("label")}. Arrow keys move the brush, the space bar paints.`);
  const size = make("input", { type: "range", min: 2, max: Math.round(Math.min(width, height) / 3), value: Math.round(width / 16) });
  const erase = make("input", { type: "checkbox" });
  const clear = make("button", { textContent: "Clear" });
  const bar = make("div", { className: "nst-mask-bar" }, make("label", {}, "Brush ", size), make("label", {}, erase, " Erase"), clear);
  el.classList.add("nst-mask");
  el.append(canvas, bar);

  const photo = new Image();
  const mask = make("canvas", { width, height }); // white where the mask is 1
  const tint = make("canvas", { width, height }); // the same in orange on nothing
  const at = { x: width / 2, y: height / 2 };
  let last = null; // the latest point of a stroke while a button is held
  let sent = "";

  function draw() {
    const pixels = mask.getContext("2d").getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i += 4)
      pixels.data.set([213, 94, 0, pixels.data[i] > 127 && pixels.data[i + 3] > 127 ? 140 : 0], i);
    tint.getContext("2d").putImageData(pixels, 0, 0);
    const context = canvas.getContext("2d");
    context.drawImage(photo, 0, 0, width, height);
    context.drawImage(tint, 0, 0);
    if (document.activeElement === canvas) {
      context.strokeStyle = "white";
      context.beginPath();
      context.arc(at.x, at.y, size.value / 2, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  function stroke(from) {
    const context = mask.getContext("2d");
    context.strokeStyle = erase.checked ? "black" : "white";
    context.lineWidth = size.value;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(at.x + 0.01, at.y); // a line of no length would draw nothing
    context.stroke();
    draw();
  }
  function send() {
    sent = mask.toDataURL("image/png");
    model.set("drawn", sent);
    model.save_changes();
  }
  function fill() {
    const context = mask.getContext("2d");
    context.fillStyle = "black";
    context.fillRect(0, 0, width, height);
  }
  function load() {
    if (model.get("drawn") === sent) return; // our own stroke comes back
    const image = new Image();
    image.onload = () => { fill(); mask.getContext("2d").drawImage(image, 0, 0, width, height); draw(); };
    image.src = model.get("drawn");
  }
  function move(event) {
    const box = canvas.getBoundingClientRect();
    at.x = ((event.clientX - box.left) * width) / box.width;
    at.y = ((event.clientY - box.top) * height) / box.height;
  }
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); move(event); stroke(at); last = { ...at }; };
  canvas.onpointermove = (event) => { move(event); if (last) { stroke(last); last = { ...at }; } else draw(); };
  canvas.onpointerup = canvas.onpointercancel = () => { if (last) send(); last = null; };
  canvas.onkeydown = (event) => {
    const step = size.value / 2;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (way) { at.x = Math.min(width, Math.max(0, at.x + way[0])); at.y = Math.min(height, Math.max(0, at.y + way[1])); draw(); }
    else if (event.key === " ") { stroke(at); send(); }
    else return;
    event.preventDefault();
    event.stopPropagation(); // or the notebook would scroll, or run a command
  };
  canvas.onfocus = canvas.onblur = draw;
  clear.onclick = () => { fill(); draw(); send(); };
  photo.onload = draw;
  photo.src = model.get("picture");
  fill();
  load();
  model.on("change:drawn", load);
  return () => model.off("change:drawn", load);
}
export default { render };
