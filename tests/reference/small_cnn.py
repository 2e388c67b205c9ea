"""The small network of this program, in PyTorch's words. Same names and shapes as in Rust."""

from torch import nn


class SmallCnn(nn.Module):
    """Five blocks of convolution, batch norm, ReLU and max pooling; global average; one linear layer."""

    def __init__(self, in_channels: int = 1, num_classes: int = 4):
        super().__init__()
        channels = [in_channels, 16, 32, 64, 128, 128]
        self.features = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(a, b, 3, padding=1, bias=False),
                    nn.BatchNorm2d(b),
                    nn.ReLU(),
                    nn.MaxPool2d(2),
                )
                for a, b in zip(channels, channels[1:])
            )
        )
        self.classifier = nn.Sequential(nn.Dropout(0.3), nn.Linear(channels[-1], num_classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))
