"""The camera's widget: what the kernel answers, and the page in a browser with a false camera and with none."""

import base64
import io

import pytest
from PIL import Image

from nst_helpers.camera import Camera
from nst_helpers.clips import Clip
from nst_helpers.images import jpeg


class Inverting:
    """Stands in for a painter with two styles."""

    styles = {"one": 0, "two": 1}

    def paint_image(self, img, styles, size):
        self.asked = styles, size
        if size == 13:
            raise ValueError("too small")
        return Image.eval(img, lambda level: 255 - level)


@pytest.fixture
def camera(monkeypatch):
    sent = []
    monkeypatch.setattr(Camera, "send", lambda self, content, buffers=None: sent.append((content, buffers)))
    made = Camera(Inverting(), clip=Clip([Image.new("RGB", (32, 24), color) for color in ("black", "white")]))
    made.sent = sent
    return made


def test_a_frame_comes_back_painted(camera):
    camera._answer(camera, {"kind": "frame"}, [memoryview(jpeg(Image.new("RGB", (32, 24), "black")))])
    (content, (data,)) = camera.sent[0]
    assert content["kind"] == "painted" and content["milliseconds"] >= 0
    assert Image.open(io.BytesIO(data)).getpixel((5, 5))[0] > 240 and camera.error is None


def test_without_a_camera_the_clip_is_painted_frame_by_frame(camera):
    for _ in range(3):
        camera._answer(camera, {"kind": "clip"}, [])
    levels = [Image.open(io.BytesIO(buffers[0])).getpixel((5, 5))[0] for _, buffers in camera.sent]
    assert levels[0] > 240 and levels[1] < 15 and levels[2] > 240


def test_the_mix_that_is_chosen_is_painted(camera):
    camera.share = 0.25
    camera._answer(camera, {"kind": "clip"}, [])
    assert camera.painter.asked == ({"one": 0.75, "two": 0.25}, 320)
    camera.chosen = ["two", "two"]
    camera._answer(camera, {"kind": "clip"}, [])
    assert camera.painter.asked[0] == {"two": 1.0}


@pytest.mark.parametrize("buffers", [[b"no picture"], []])
def test_what_goes_wrong_is_said_on_the_page_and_kept(camera, buffers):
    camera._answer(camera, {"kind": "frame"}, buffers)
    assert camera.sent[0][0]["kind"] == "error" and camera.sent[0][0]["text"] and camera.error is not None


def test_where_no_widget_runs_a_painted_frame_shows(camera):
    data, _ = camera._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/jpeg"])[:2] == b"\xff\xd8"


PAGE = """
async ([script, camera]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const values = { styles: ["one", "two"], chosen: ["one", "two"], share: 0, size: 32 };
  const listeners = {};
  window.sent = [];
  const picture = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
    canvas.getContext("2d").fillRect(0, 0, 8, 8);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
    return new DataView(await blob.arrayBuffer());
  };
  const model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => {},
    on: (name, f) => { listeners[name] = f; },
    off: () => {},
    send: async (content, callbacks, buffers) => {
      window.sent.push([content.kind, buffers ? buffers[0].byteLength : 0]);
      const data = await picture();
      setTimeout(() => listeners["msg:custom"]({ kind: "painted", milliseconds: 5 }, [data]), 20);
    },
  };
  const why = camera ? null : new DOMException("no", "NotFoundError");
  window.tracks = [];
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: {
    getUserMedia: async () => {
      if (why) throw why;
      const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
      const context = canvas.getContext("2d");
      let at = 0;
      setInterval(() => { context.fillStyle = at++ % 2 ? "red" : "blue"; context.fillRect(0, 0, 64, 48); }, 20);
      const stream = canvas.captureStream(30);
      window.tracks = stream.getTracks();
      return stream;
    },
  } });
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  (await import(url)).default.render({ model, el: root });
}
"""


@pytest.fixture
def page(chromium):
    opened = chromium.new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("camera_there", [True, False])
def test_the_page_sends_one_frame_at_a_time_until_it_is_stopped(page, camera_there):
    page.evaluate(PAGE, [str(Camera._esm), camera_there])
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("window.sent.length > 3")
    kind, size = page.evaluate("window.sent[0]")
    note = page.get_by_role("status")
    page.wait_for_function("document.querySelector('.nst-camera p').textContent.includes('painting one takes 5 ms')")
    if camera_there:
        assert kind == "frame" and size > 100
    else:
        assert kind == "clip" and "There is no camera" in note.text_content()
    page.get_by_role("button", name="Stop").click()
    assert "Stopped" in note.text_content()
    count = page.evaluate("window.sent.length")
    page.wait_for_timeout(300)
    assert page.evaluate("window.sent.length") <= count + 1
    assert page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")
