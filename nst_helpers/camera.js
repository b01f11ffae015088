// The camera (or a clip that Python has) and its painting, side by side. The next frame leaves when the last came back.
const WHY = {
  NotAllowedError: "The browser may not use the camera: allow it (the camera sign in the address bar) and press Start again.",
  NotFoundError: "There is no camera on this computer.",
  NotReadableError: "Another program is using the camera: close it and press Start again.",
};
function render({ model, el }) {
  const make = (tag, props = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const menu = (label, at) => {
    const select = make("select", {}, ...model.get("styles").map((name) => make("option", { value: name, textContent: name.replaceAll("_", " ") })));
    select.value = model.get("chosen")[at];
    select.onchange = () => {
      const chosen = [...model.get("chosen")];
      chosen[at] = select.value;
      model.set("chosen", chosen);
      model.save_changes();
    };
    return make("label", {}, `${label} `, select);
  };
  const button = make("button", { textContent: "Start" });
  const share = make("input", { type: "range", min: 0, max: 100, value: 100 * model.get("share") });
  share.oninput = () => { model.set("share", share.value / 100); model.save_changes(); };
  const video = make("video", { muted: true, playsInline: true, hidden: true });
  const canvas = make("canvas");
  const picture = make("img", { alt: "The painted frame", hidden: true });
  const note = make("p", { textContent: "Press Start, and allow the camera. Pictures go to this notebook's kernel and nowhere else." });
  note.setAttribute("role", "status");
  el.classList.add("nst-camera");
  el.append(
    make("div", { className: "nst-camera-bar" }, button, menu("From", 0), menu("to", 1), make("label", {}, "Mix ", share)),
    make("div", { className: "nst-camera-row" }, video, picture), note);

  let running = false, stream = null, run = 0, asked = 0, times = [];

  function ask(mine) {
    if (!running || mine !== run) return;
    asked = mine;
    if (!stream) return void model.send({ kind: "clip" });
    const scale = model.get("size") / Math.max(video.videoWidth, video.videoHeight);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    const context = canvas.getContext("2d");
    context.setTransform(-1, 0, 0, 1, canvas.width, 0); // a mirror, as people expect
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(async (blob) => {
      const data = await blob.arrayBuffer();
      if (running && mine === run) model.send({ kind: "frame" }, undefined, [data]);
    }, "image/jpeg", 0.85);
  }
  async function start() {
    const mine = ++run;
    running = true;
    times = [];
    button.textContent = "Stop";
    note.textContent = "Asking for the camera …";
    let opened = null, sentence = "";
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "Insecure");
      opened = await navigator.mediaDevices.getUserMedia({ video: { width: 640 }, audio: false });
    } catch (error) {
      sentence = WHY[error.name] || "The browser gives no camera to this page: open it at localhost or over https.";
    }
    if (mine !== run) return void opened?.getTracks().forEach((track) => track.stop()); // stopped while it was asking
    stream = opened;
    if (stream) {
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      note.dataset.why = "";
    } else note.dataset.why = `${sentence} Meanwhile, a short clip of our own. `;
    ask(mine);
  }
  function stop(words = "Stopped. Start goes on.") {
    running = false;
    run++;
    stream?.getTracks().forEach((track) => track.stop()); // the camera's light goes out
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    button.textContent = "Start";
    note.textContent = words;
  }
  function answer(content, buffers) {
    if (!running || asked !== run) return;
    if (content.kind === "error") return void stop(content.text);
    const shown = picture.src;
    picture.src = URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }));
    picture.hidden = false;
    URL.revokeObjectURL(shown);
    times = [...times.slice(-19), performance.now()];
    const pace = times.length > 1 ? (1000 * (times.length - 1)) / (times.at(-1) - times[0]) : 0;
    note.textContent = `${note.dataset.why}${pace.toFixed(0)} frames a second; painting one takes ${content.milliseconds} ms`;
    const mine = run;
    stream ? requestAnimationFrame(() => ask(mine)) : setTimeout(() => ask(mine), 40);
  }
  button.onclick = () => (running ? stop() : start());
  model.on("msg:custom", answer);
  return () => { stop(); model.off("msg:custom", answer); };
}
export default { render };
