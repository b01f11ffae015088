"""Answers to the exercises of notebook 00: right ones in unusual dress; wrong ones and what their check says."""

RIGHT = {
    "appears": [
        'appears = "coffee"',
        'appears = " Coffee "',
        'appears = "Cup."',
        "appears = 'Coffee\\n'",
    ],
    "my_choice": [
        'def my_choice():\n    return "rocket", "mosaic_fish", 200',
        'import numpy as np\ndef my_choice():\n    return ["cat", "woodblock_wave", np.int64(300)]',
        'my_choice = lambda: ("galaxies", "autumn_wood", torch.tensor(100))\nmy_choice.__name__ = "my_choice"',
        "def my_choice(size=200):\n    return ('rocket', 'mosaic_fish', size)",
        "def my_choice():\n    names = list(samples())\n    return [n for n in names if n not in ('coffee', 'starry_harbour')][:2] + [150]",
        "from collections import namedtuple\ndef my_choice():\n    return namedtuple('T', 'a b c')('cat', 'mosaic_fish', 300)",
    ],
    "half_weight": [
        "import numpy as np\nhalf_weight = np.float32(170)",
        "half_weight = torch.tensor([170.0])",
    ],
}
WRONG = {
    "appears": {
        'appears = "harbour"': "style loss alone",
        'appears = "Starry Harbor"': "style loss alone",
        'appears = "noise"': "only the start",
        'appears = "a cat"': 'write "coffee"',
        "appears = 1": "in quotes",
        'appears = "coffee, painted"': 'write "coffee"',
        'appears = ["coffee"]': "in quotes",
    },
    "my_choice": {
        'def my_choice():\n    return "coffee", "mosaic_fish", 200': "used above",
        'def my_choice():\n    return "dog", "mosaic_fish", 200': "no sample",
        'def my_choice():\n    return ["rocket", "mosaic_fish"]': "three things",
        'def my_choice():\n    return "rocket", "rocket", 200': "same picture",
        'def my_choice():\n    return sample("rocket"), "mosaic_fish", 200': "*names*",
        'def my_choice():\n    return "rocket", "mosaic_fish", 400': "not 400",
        'def my_choice():\n    return "rocket", "mosaic_fish", 150.5': "an integer",
        'def my_choice():\n    recipe = "rocket", "mosaic_fish", 200': "nothing back",
        "def my_choice():\n    return 200, 'rocket', 'mosaic_fish'": "*names*",
        "def my_choice():\n    return {'content': 'rocket', 'style': 'mosaic_fish', 'size': 200}": "three things",
        "def my_choice():\n    return rocket, mosaic_fish, 200": "NameError",
        "my_choice = ('rocket', 'mosaic_fish', 200)": "stay a function",
    },
    "half_weight": {
        "half_weight = net.settings.style_weight": "take less",
        "half_weight = net.settings.style_weight / 2": "take less",
        "half_weight = 1e-6": "take more",
        "half_weight = 0": "more than 0",
        'half_weight = float("nan")': "more than 0",
        'half_weight = "100"': "a number",
        "half_weight = [170]": "a number",
        "half_weight = float('inf')": "more than 0",
    },
}
