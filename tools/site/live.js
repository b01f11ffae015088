// Figures that move where there is no kernel. Their frames were computed when the page was built (tools/frames.py).
"use strict";

function make(tag, properties = {}, ...children) {
  const it = Object.assign(document.createElement(tag), properties);
  it.append(...children);
  return it;
}

// Show one cell of a sheet of pictures as an element's background
function place(element, {file, columns, rows, size}, number) {
  const [x, y] = [number % columns, Math.floor(number / columns)];
  element.style.backgroundImage = `url("${file}")`;
  element.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
  element.style.backgroundPosition = `${x * 100 / Math.max(1, columns - 1)}% ${y * 100 / Math.max(1, rows - 1)}%`;
  element.style.aspectRatio = size.join(" / ");
  element.style.setProperty("--ratio", size[0] / size[1]);
}

// Two pictures of one scene, one over the other; a slider as large as they are draws the upper one aside
function curtain(below, above) {
  const range = make("input", {type: "range", min: 0, max: 100, step: 1, value: 50});
  range.ariaLabel = "How much of the left picture is shown";
  const stage = make("div", {className: "curtain"}, below, above, make("span", {className: "edge"}), range);
  const draw = () => {
    stage.style.setProperty("--cut", `${range.value}%`);
    range.ariaValueText = `${range.value}% of the left picture`;
  };
  range.addEventListener("input", draw);
  draw();
  return stage;
}

// A control of one of the three kinds; ``change`` is told the new place among its values
function control({name, values, at, kind, thumbs}, group, change) {
  const words = name.replaceAll("_", " ");
  if (kind === "pictures") {
    const choices = values.map((value, number) => {
      const input = make("input", {type: "radio", name: group, checked: number === at});
      const picture = make("span", {className: "picture"});
      place(picture, thumbs, thumbs.at[number]);
      input.ariaLabel = value.replaceAll("_", " ");
      input.addEventListener("change", () => change(number));
      return make("label", {title: input.ariaLabel}, input, picture);
    });
    return [make("fieldset", {}, make("legend", {textContent: words}), ...choices), number => {
      choices[number].querySelector("input").checked = true;
    }];
  }
  if (kind === "check") {
    const input = make("input", {type: "checkbox", checked: at === 1});
    input.addEventListener("change", () => change(Number(input.checked)));
    return [make("label", {className: "check"}, input, ` ${words}`), number => { input.checked = number === 1; }];
  }
  const input = make("input", {type: "range", min: 0, max: values.length - 1, step: 1, value: at});
  const output = make("output");
  const say = number => {
    input.value = number;
    input.ariaValueText = output.textContent = values[number];
  };
  input.addEventListener("input", () => change(Number(input.value)));
  say(at);
  return [make("label", {className: "slider"}, make("span", {textContent: words}), input, output), say];
}

let groups = 0;

function frames(script, {controls, sprites, titles, texts, wipe, alt}) {
  const at = controls.map(it => it.at);
  const panels = sprites.map(() => make("div", {className: "frame", role: "img"}));
  const captions = sprites.map(() => make("span", {className: "title"}));
  const text = make("pre", {className: "printed"});
  const number = () => controls.reduce((sum, it, n) => sum * it.values.length + at[n], 0);
  const setters = [];
  let mark = null;
  const draw = () => {
    const frame = number();
    sprites.forEach((sprite, n) => {
      const shown = sprite.at[frame] >= 0;
      panels[n].hidden = captions[n].hidden = !shown;
      if (!shown) return;
      place(panels[n], sprite, sprite.at[frame]);
      captions[n].textContent = titles[frame][n];
      panels[n].ariaLabel = titles[frame][n] || alt;
    });
    text.textContent = texts[frame];
    mark?.();
  };
  const move = (n, value) => {
    if (at[n] === value) return;
    at[n] = value;
    setters[n](value);
    draw();
  };
  const rows = controls.map((it, n) => {
    const [row, say] = control(it, `choice-${groups++}`, value => move(n, value));
    setters.push(say);
    return row;
  });
  const stage = wipe
    ? [curtain(panels[1], panels[0]), make("div", {className: "titles"}, ...captions)]
    : [make("div", {className: "panels"}, ...panels.map((it, n) => make("div", {}, captions[n], it)))];
  const pictures = rows.filter(it => it.tagName === "FIELDSET"), others = rows.filter(it => it.tagName !== "FIELDSET");
  const live = make("div", {className: "live"}, ...pictures, make("div", {className: "choices"}, ...others), ...stage);
  if (texts.some(it => it)) live.append(text);
  if (controls.length === 2 && sprites.length === 1 && Math.min(...controls.map(it => it.values.length)) > 2) {
    const [map, show] = sheet(controls, sprites[0], (down, across) => { move(0, down); move(1, across); }, at);
    mark = show;
    live.append(map);
  } else if (!wipe && controls.length === 1) {
    drag(live.querySelector(".panels"), share => move(0, Math.round(share * (controls[0].values.length - 1))));
  }
  live.style.setProperty("--ratio", sprites[0].size[0] / sprites[0].size[1]);
  script.parentElement.querySelector("picture")?.remove();
  script.before(live);
  draw();
}

// All frames of two controls at once, small; the one under the pointer is shown large. Keys move the sliders instead
function sheet(controls, sprite, choose, at) {
  const [rows, columns] = controls.map(it => it.values.length);
  const mark = make("span", {className: "mark"});
  const map = make("div", {className: "map"}, make("img", {src: sprite.file, alt: ""}), mark);
  map.style.setProperty("--rows", rows);
  map.style.setProperty("--columns", columns);
  const follow = event => {
    const box = map.getBoundingClientRect();
    const cell = (offset, side, count) => Math.min(count - 1, Math.max(0, Math.floor(offset / side * count)));
    choose(cell(event.clientY - box.top, box.height, rows), cell(event.clientX - box.left, box.width, columns));
  };
  map.addEventListener("pointermove", event => event.pointerType !== "touch" && follow(event));
  map.addEventListener("pointerdown", event => { map.setPointerCapture(event.pointerId); follow(event); });
  map.addEventListener("touchmove", event => { event.preventDefault(); follow(event.touches[0]); }, {passive: false});
  const names = controls.map(it => it.name.replaceAll("_", " "));
  const words = make("p", {className: "hint", textContent: `All of them: → ${names[1]}, ↓ ${names[0]}. Point at one.`});
  return [make("div", {className: "sheet"}, words, map), () => {
    mark.style.left = `${100 * at[1] / columns}%`;
    mark.style.top = `${100 * at[0] / rows}%`;
  }];
}

// Drag across the pictures to move the only control
function drag(element, move) {
  const follow = event => {
    const {left, width} = element.getBoundingClientRect();
    move(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  element.classList.add("dragged");
  element.addEventListener("pointerdown", event => { element.setPointerCapture(event.pointerId); follow(event); });
  element.addEventListener("pointermove", event => event.buttons && follow(event));
}

// A stored figure with two pictures of one scene: cut out of it, with their titles
function wipe(figure, {file, size, pictures, titles}) {
  const cut = ([left, top, width, height], name) => {
    const it = make("div", {className: name});
    it.style.backgroundImage = `url("${file}")`;
    it.style.backgroundSize = `${100 * size[0] / width}% ${100 * size[1] / height}%`;
    it.style.backgroundPosition = `${100 * left / (size[0] - width)}% ${100 * top / (size[1] - height)}%`;
    it.style.aspectRatio = `${width} / ${height}`;
    if (name === "letters") it.style.width = `min(100%, ${width / 17}em)`;
    return it;
  };
  const [left, right] = pictures.map(box => cut(box, "frame"));
  const words = titles.map(box => box ? cut(box, "letters") : make("span"));
  const image = figure.querySelector("img");
  left.role = right.role = "img";
  left.ariaLabel = image.alt;
  right.ariaLabel = "The same place in the other picture";
  const live = make("div", {className: "live"}, curtain(right, left),
    make("div", {className: "titles"}, ...words));
  live.style.setProperty("--ratio", pictures[0][2] / pictures[0][3]);
  live.style.maxWidth = `${Math.round(pictures[0][2] / 0.9)}px`;
  image.closest("picture").remove();
  figure.prepend(live);
}

document.querySelectorAll("script.frames").forEach(it => frames(it, JSON.parse(it.textContent)));
document.querySelectorAll("script.wipe").forEach(it => wipe(it.parentElement, JSON.parse(it.textContent)));
