"""Notebook 07: right answers in unusual dress, and wrong ones with words of what the check says."""

JSON = "handed_in = __import__('nst_helpers.studio.choices', fromlist=['Choices']).Choices()"

RIGHT = {
    "strokes_get": ["strokes_get = 'larger'", "strokes_get = ' Larger '", "strokes_get = 'Larger.'"],
    "balanced_weight": [
        "def balanced_weight(base, balance):\n    return base * 10**balance",
        "import functools\nbalanced_weight = functools.partial(lambda ten, base, balance: base * ten**balance, 10)\n"
        "balanced_weight.__name__ = 'balanced_weight'",
        "import math\ndef balanced_weight(base, balance):\n    return base * math.exp(balance * math.log(10))",
        "def balanced_weight(base, balance):\n    return torch.tensor(base, dtype=torch.float64) * 10.0**balance",
        "import numpy as np\nbalanced_weight = lambda base, balance: np.float64(base) * np.power(10.0, balance)\n"
        "balanced_weight.__name__ = 'balanced_weight'",
        "def balanced_weight(base, balance):\n    import numpy as np\n    return np.exp(np.log(base) + balance * np.log(10))",
        "def balanced_weight(base, balance):\n    return torch.tensor(base) * torch.pow(torch.tensor(10.0), balance)",
        "def balanced_weight(base=1e5, balance=0, ten=10):\n    return base * ten**balance",
    ],
    "handed_in": [
        f"{JSON}.but(content='coffee', style='mosaic_fish').to_json()",
        f"{JSON}.but(balance=-1.5, style_layers=['conv2_1', 'relu3_1'], size=192).to_json()",
        f"{JSON}.but(style='stained_glass', start='noise', weights='random').to_json()",
        "import json\nhanded_in = json.dumps(json.loads(__import__('nst_helpers.studio.choices', fromlist=['Choices']).Choices().but(content='coffee', style='mosaic_fish').to_json()))",
        "handed_in = '\\n' + __import__('nst_helpers.studio.choices', fromlist=['Choices']).Choices().but(content='coffee', style='mosaic_fish').to_json() + '\\n'",
    ],
}

WRONG = {
    "strokes_get": {
        "strokes_get = 'smaller'": "the other way around",
        "strokes_get = 'same'": "compare pixels with pixels",
        "strokes_get = 'blue'": 'choose "larger", "smaller" or "same"',
        "strokes_get = 2": "a name is asked for",
        'strokes_get = "bigger"': 'choose "larger", "smaller" or "same"',
    },
    "balanced_weight": {
        "def balanced_weight(base, balance):\n    return base * (1 + balance)": "it adds",
        "def balanced_weight(base, balance):\n    return base + balance": "it adds",
        "def balanced_weight(base, balance):\n    return base * 10 * balance": "to the power of the balance",
        "import math\ndef balanced_weight(base, balance):\n    return base * math.exp(balance)": "that is e",
        "def balanced_weight(base, balance):\n    return base * 2**balance": "that is two",
        "def balanced_weight(base, balance):\n    return base / 10**balance": "wrong way",
        "def balanced_weight(base, balance):\n    base *= 10**balance": "returns nothing",
        "def balanced_weight(base, balance):\n    return base * 10 ** round(balance)": "it gives",
        "def balanced_weight(base, balance):\n    return str(base * 10**balance)": "a number is asked for",
        "def balanced_weight(base, balance):\n    return base**balance": "it gives",
        "def balanced_weight(base, balance):\n    return (10 * base) ** balance": "it gives",
        "def balanced_weight(base, balance):\n    return round(base * 10**balance)": "it gives",
        "def balanced_weight(base, balance):\n    return base * 10 ** abs(balance)": "wrong way",
    },
    "handed_in": {
        f"{JSON}.to_json()": "the panel opens with",
        f"{JSON}.but(seed=7, num_epochs=90).to_json()": "do not count",
        f"{JSON}.but(style_weight=1e5 + 1e-4, tv_weight=10 + 1e-8).to_json()": "or nearly",
        f"{JSON}.but(content='coffee', seed=3).to_json()": "change one more",
        f"{JSON}.but(content='coffee', style_weight={JSON[12:]}.settings.style_weight * (1 + 1e-9)).to_json()": "change one more",
        "handed_in = {'nst_studio': 2}": "JSON is text",
        "handed_in = 'blue'": "not JSON",
        "handed_in = '{\"colors\": 3}'": "not a settings file",
        "handed_in = ''": "not JSON",
        "handed_in = '[1, 2]'": "not a settings file",
        "handed_in = __import__('nst_helpers.studio.choices', fromlist=['Choices']).Choices().to_json()[:50]": "not JSON",
        "handed_in = __import__('nst_helpers.studio.choices', fromlist=['Choices']).Choices().but(content='coffee', style='mosaic_fish').to_json().encode()": "JSON is text",
    },
}
