"""Answers to the exercises of notebook 01: right ones in unusual dress; wrong ones and what their check says."""

RIGHT = {
    "shape_after": [
        "shape_after = (960, 720, 3)",
        "shape_after = torch.Size([960, 720, 3])",
        "shape_after = np.array([960, 720, 3])",
        "shape_after = __import__('numpy').zeros((720, 960, 3)).transpose(1, 0, 2).shape",
        "shape_after = sample('mountain_lake').size + (3,)",
    ],
    "reflect": [
        "def reflect(tensor):\n    top = tensor[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top.flip(1)], dim=1)",
        """
def reflect(tensor):
    result = tensor.clone()
    half = tensor.shape[-2] // 2
    for row in range(half):
        result[:, -1 - row] = tensor[:, row]
    return result
""",
        """
def reflect(tensor):
    h = tensor.shape[1]
    rows = list(range(h // 2)) + list(range(h // 2 - 1, -1, -1))
    return tensor[:, rows]
""",
        "def reflect(tensor):\n    top = tensor.double()[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top.flip(1)], dim=1)",
        "def reflect(tensor):\n    import numpy as np\n    a = tensor.numpy().copy()\n    h = a.shape[1]\n    a[:, h // 2:] = a[:, h // 2 - 1::-1] if h > 1 else a\n    return torch.from_numpy(a)",
        "def reflect(tensor):\n    top, _ = tensor.chunk(2, dim=1)\n    return torch.hstack((top, torch.flip(top, dims=(1,))))",
        "def reflect(tensor):\n    top = torch.tensor_split(tensor, 2, dim=1)[0]\n    return torch.cat((top, torch.flipud(top.permute(1, 0, 2)).permute(1, 0, 2)), 1)",
    ],
    "parasol": [
        "parasol = (386, 348)",
        "parasol = [350.5, 350]",
        "parasol = torch.tensor([400, 340])",
        "parasol = __import__('numpy').array([390, 350])",
    ],
}
WRONG = {
    "shape_after": {
        "shape_after = (720, 960, 3)": "shape before",
        "shape_after = (3, 960, 720)": "tensor's order",
        "shape_after = (960, 3, 720)": "old axis 1",
        "shape_after = (960, 720)": "3 numbers",
        "shape_after = (720, 3, 960)": "old axis 1",
        "shape_after = (3, 720, 960)": "tensor's order",
        "shape_after = {960, 720, 3}": "old axis 1",
    },
    "reflect": {
        "def reflect(tensor):\n    return tensor.flip(1)": "upper half should stay",
        "def reflect(tensor):\n    top = tensor[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top], dim=1)": "not turned upside down",
        "def reflect(tensor):\n    top = tensor[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top.flip(2)], dim=1)": "left and right",
        "def reflect(tensor):\n    top = tensor[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top.flip(1, 2)], dim=1)": "half a turn",
        "def reflect(tensor):\n    low = tensor[:, tensor.shape[1] // 2 :]\n    return torch.cat([low.flip(1), low], dim=1)": "lower half into the upper",
        "def reflect(tensor):\n    h = tensor.shape[1]\n    tensor[:, h // 2 :] = tensor[:, : h // 2].flip(1)\n    return tensor": "leave the input",
        "def reflect(tensor):\n    top = tensor[:, : tensor.shape[1] // 2]\n    return torch.cat([top, top.flip(1)], dim=2)": "shape should stay",
        "def reflect(tensor):\n    tensor[:, -2:] = tensor[:, :2].flip(1)\n    return tensor.clone()": "leave the input",
        "def reflect(tensor):\n    torch.cat([tensor, tensor.flip(1)], dim=1)": "return",
        "def reflect(tensor):\n    h = tensor.shape[1] // 2\n    out = tensor.clone()\n    out[:, h:-1] = tensor[:, 1:h].flip(1)\n    return out": "in reverse order",
        "def reflect(tensor):\n    h = tensor.shape[1] // 2\n    return torch.cat([tensor[:, :h], tensor[:, h:].flip(1)], 1)": "in reverse order",
        "def reflect(tensor):\n    h = tensor.shape[1] // 2\n    return torch.cat([tensor[:, :h], tensor[:, :h].flip(0)], 1)": "in reverse order",
        "def reflect(tensor):\n    h = tensor.shape[1] // 2\n    out = tensor.clone()\n    out[:, h:] = tensor[:, :h][::-1]\n    return out": ".flip(axis)",
    },
    "parasol": {
        "parasol = (348, 386)": "in the wrong order",
        "parasol = (386, 380)": "from the bottom",
        "parasol = (100, 1000)": "outside",
        "parasol = (800, 100)": "not on the parasol",
        "parasol = 386": "2 numbers",
        "parasol = (0.4, 0.5)": "not on the parasol",
        "parasol = 386 + 348j": "2 numbers",
    },
}
