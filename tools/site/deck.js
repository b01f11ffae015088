// A deck: the type of each slide is as large as its text allows, from 22 to 46 pixels.
"use strict";
Reveal.initialize({
  width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none",
  slideNumber: "c/t", pdfSeparateFragments: false, plugins: [RevealNotes, RevealZoom],
});

// A formula that is wider than the slide gets smaller, its text need not
function formulas(slide) {
  for (const it of slide.querySelectorAll(".formula")) {
    it.style.fontSize = "";
    it.style.fontSize = `${Math.min(1, it.clientWidth / it.scrollWidth)}em`;
  }
}

function fit(section) {
  const slide = section?.querySelector(".slide");
  if (!slide || slide.matches(".title")) return;
  const pre = [...slide.querySelectorAll("pre")];
  pre.forEach(it => {
    const longest = Math.max(...it.textContent.split("\n").map(line => line.length));
    const most = slide.matches(".tells") && (it.closest(".code") || !slide.querySelector(".code")) ? 34 : 26;
    it.style.fontSize = `${Math.min(most, Math.max(18, (it.clientWidth - parseFloat(getComputedStyle(it).paddingLeft) - 1) / longest / 0.575))}px`;
  });
  const tight = [slide, ...slide.querySelectorAll(".words, .figure")];
  const fits = () => {
    formulas(slide);
    return tight.every(it => it.scrollHeight <= it.clientHeight + 1 && it.scrollWidth <= it.clientWidth + 1);
  };
  if (slide.querySelector(".live")) { // first its pictures get smaller, then the type
    slide.style.fontSize = "26px";
    for (let tall = 540; tall >= 240; tall -= 20) {
      slide.style.setProperty("--tall", `${tall}px`);
      if (fits()) return;
    }
  }
  const most = !slide.matches(".tells") ? 30 : pre.length ? 38 : 46;
  for (let size = most; size >= 22; size -= 2) {
    slide.style.fontSize = `${size}px`;
    if (fits()) return;
  }
  pre.forEach(it => { it.style.fontSize = "18px"; });
}

Reveal.on("ready", event => fit(event.currentSlide));
Reveal.on("slidechanged", event => fit(event.currentSlide));
Reveal.on("pdf-ready", () => document.querySelectorAll(".slides section").forEach(fit));
// After a control was moved, the arrow keys turn slides again
document.addEventListener("pointerup", event => event.target.matches("input") && event.target.blur());
