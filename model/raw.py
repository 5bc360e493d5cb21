# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW: a causal transformer over the fixes of a track (arXiv 2311.10471), in one file.

A fix's features go through a feed-forward encoder and a stack of decoder layers. A head answers
'where will this track be dt later?' for any fix and any dt, as a correction to fading velocity in
the frame and scale of the fix (core/features/featurizer.py): a point, the spatial median, and a mixture of
heavy-tailed components whose first one says 'stays'. With its output at zero the point is the baseline.
Where days are asked about, the mixture also holds candidate places (core/forecasting/candidates.py), each with a scale
and a logit, and the point is the spatial median of it all.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import Config
from raw_qgis_plugin.core.forecasting.mixture import STAYS, TAIL

PERIODS_INDEX = (4.0, 2_000.0)  # positions turn with the number of fixes …
PERIODS_SECONDS = (30.0, 14 * 86_400.0)  # … and with elapsed time
CANDIDATE_WIDTH = 64
MEDIAN_STEPS = (4, 2)  # of Weiszfeld's algorithm in training, without and with gradient
STARTS = 6  # heaviest centres from which it may start


def rotate(x: Tensor, angle: Tensor) -> Tensor:
    """Rotary positions: turn the pairs of x (B, H, T, d) by angle (B, 1, T, d/2)."""
    a, b = x.chunk(2, dim=-1)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Norm(nn.RMSNorm):
    """RMSNorm with its weight in the type of the activations, so that the fused kernel runs under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, D) to the same."""
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), 1e-6)


class Attention(nn.Module):
    """Masked self-attention with normalised queries and keys."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads, self.dim = c.heads, c.width // c.heads
        self.qkv = nn.Linear(c.width, 3 * c.width, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)
        self.norm_q, self.norm_k = Norm(self.dim), Norm(self.dim)

    def forward(self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None) -> tuple:
        """x: (B, T, D). mask: added to the scores, or bool. past: keys, values (B, H, P, d) each.

        Returns (B, T, D) and keys, values of P + T positions.
        """
        b, t, _ = x.shape
        q, k, v = (y.view(b, t, self.heads, self.dim).transpose(1, 2) for y in self.qkv(x).chunk(3, dim=-1))
        q, k = rotate(self.norm_q(q), angle), rotate(self.norm_k(k), angle)  # (B, H, T, d)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        if self.training and x.device.type == "cpu":  # the fused kernel's backward pass is slow there
            hidden = torch.ones(t, t, dtype=torch.bool).triu(1) if mask is None else ~mask
            scores = (q @ k.transpose(-1, -2) * self.dim**-0.5).masked_fill(hidden, -1e4)
            y = scores.softmax(dim=-1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.out(y.transpose(1, 2).reshape(b, t, self.heads * self.dim)), k, v


class Layer(nn.Module):
    """A decoder layer: attention and a SwiGLU feed-forward, each after RMSNorm."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.norm1, self.attention = Norm(c.width), Attention(c)
        self.norm2 = Norm(c.width)
        self.up = nn.Linear(c.width, 2 * c.hidden, bias=False)
        self.down = nn.Linear(c.hidden, c.width, bias=False)

    def forward(self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None) -> tuple:
        """x: (B, T, D) to the same, with the layer's keys and values."""
        y, k, v = self.attention(self.norm1(x), angle, mask, past)
        x = x + y
        gate, up = self.up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up), k, v


class Raw(nn.Module):
    """The network. `encode` gives states, `answer` the forecast parameters of questions."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config = c
        self.encoder = nn.Sequential(nn.Linear(c.features, 2 * c.width), nn.SiLU(), nn.Linear(2 * c.width, c.width))
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = Norm(c.width)
        self.head_state = nn.Linear(c.width, c.width)
        self.head_query = nn.Sequential(nn.Linear(c.query, c.width), nn.SiLU(), nn.Linear(c.width, c.width))
        self.head_mix = nn.Sequential(nn.SiLU(), nn.Linear(c.width, 2 * c.width), nn.SiLU())
        self.head_out = nn.Linear(2 * c.width, c.parameters_out)
        self.candidate_in = nn.Linear(c.candidate, CANDIDATE_WIDTH)
        self.candidate_asked = nn.Sequential(nn.SiLU(), nn.Linear(c.width, CANDIDATE_WIDTH))
        self.candidate_out = nn.Sequential(
            nn.SiLU(), nn.Linear(CANDIDATE_WIDTH, CANDIDATE_WIDTH), nn.SiLU(), nn.Linear(CANDIDATE_WIDTH, 2)
        )
        pairs = c.width // c.heads // 4  # half of the pairs turn with the index, half with time
        for name, (low, high) in (("by_index", PERIODS_INDEX), ("by_seconds", PERIODS_SECONDS)):
            periods = torch.logspace(math.log10(low), math.log10(high), pairs, dtype=torch.float64)
            self.register_buffer(name, (2 * math.pi / periods).float(), persistent=False)
        self.apply(self._init)
        nn.init.zeros_(self.head_out.weight)  # an untrained network is the baseline
        self.head_out.bias.data.copy_(self._first_mixture(c).to(self.head_out.bias.device))
        nn.init.zeros_(self.candidate_out[-1].weight)
        self.candidate_out[-1].bias.data.copy_(torch.tensor([math.log(0.1), 0.0]).to(self.head_out.bias.device))

    def _init(self, m: nn.Module) -> None:
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=1 / math.sqrt(m.in_features))
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        if isinstance(m, Layer):  # applied after the layer's own Linears
            for out in (m.attention.out, m.down):
                nn.init.normal_(out.weight, std=0.5 / math.sqrt(out.in_features * self.config.layers))

    @staticmethod
    def _first_mixture(c: Config) -> Tensor:
        """Bias that starts the components at the baseline with scales from a thirtieth of the unit to the unit."""
        bias = torch.zeros(c.parameters_out)
        bias[2] = math.log(0.1)
        bias[4:].view(c.components - 1, 4)[:, 2] = torch.linspace(math.log(1 / 30), 0.0, c.components - 1)
        return bias

    def encode(self, x: Tensor, clock: Tensor, mask: Tensor | None = None, past: tuple | None = None) -> tuple:
        """States of fixes.

        x: (B, T, features). clock: (B, T) seconds since the sequence's first fix. mask: (B, 1, T, P + T), True where
        a fix may look, None for plain causal. past: keys and values (layers, B, H, P, d).
        Returns states (B, T, D), keys and values (layers, B, H, P + T, d).
        """
        t, p = x.shape[1], 0 if past is None else past[0].shape[3]
        index = torch.arange(t + p, device=x.device, dtype=torch.float32)[p:]
        by_index = (index[:, None] * self.by_index).expand(x.shape[0], t, -1)
        angle = torch.cat([by_index, clock.float()[..., None] * self.by_seconds], dim=-1)[:, None]  # (B, 1, T, d/2)
        h = self.encoder(x)
        keys, values = [], []
        for n, layer in enumerate(self.layers):
            h, k, v = layer(h, angle, mask, None if past is None else (past[0][n], past[1][n]))
            keys.append(k)
            values.append(v)
        return self.norm(h), keys, values

    def answer(self, states: Tensor, query: Tensor, candidate: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Forecast parameters (…, parameters_out) of queries (…, query) asked of states (…, D), and the log scale and
        logit (…, K, 2) of their candidates (…, K, candidate).
        """
        asked = self.head_state(states) + self.head_query(query)
        parameters = self.head_out(self.head_mix(asked))
        if candidate is None:
            return parameters, None
        options = self.candidate_out(self.candidate_in(candidate) + self.candidate_asked(asked)[..., None, :])
        return parameters, options


class Mixture(NamedTuple):
    """Where tracks may go, relative to the fix and in units of the query's scale: centre (…, C, 2), log_scale and
    log_weight (…, C). The first component is 'stays'.
    """

    centre: Tensor
    log_scale: Tensor
    log_weight: Tensor


def mixture(p: Tensor, base: Tensor, candidates: tuple[Tensor, Tensor, Tensor] | None = None) -> Mixture:
    """The mixture of parameters p (…, P) about the baseline's end base (…, 2).

    candidates: their log scales and logits (…, K, 2), their places (…, K, 2), and which there are, (…, K) bool.
    """
    rest = p[..., 4:].float().unflatten(-1, (-1, 4))
    centre = torch.cat([torch.zeros_like(base)[..., None, :], base[..., None, :] + rest[..., :2]], dim=-2)
    log_scale = torch.cat([p[..., 2:3].float(), rest[..., 2]], dim=-1)
    logit = torch.cat([p[..., 3:4].float(), rest[..., 3]], dim=-1)
    if candidates is not None:
        options, place, known = candidates
        centre = torch.cat([centre, place], dim=-2)
        log_scale = torch.cat([log_scale, options[..., 0].float()], dim=-1)
        chosen = options[..., 1].float().masked_fill(~known, -1e4)
        logit = torch.cat([logit[..., :1] + STAYS, logit[..., 1:], chosen], dim=-1)
    return Mixture(centre, log_scale.clamp(-8.0, 6.0), F.log_softmax(logit, -1))


def surprise(m: Mixture, target: Tensor) -> Tensor:
    """Negative log likelihood (…) of where tracks went, target (…, 2)."""
    square = (target[..., None, :] - m.centre).square().sum(-1) * torch.exp(-2 * m.log_scale)
    log_density = -2 * m.log_scale - (TAIL / 2 + 1) * torch.log1p(square / TAIL) - math.log(2 * math.pi)
    return -torch.logsumexp(m.log_weight + log_density, dim=-1)


def spatial_median(m: Mixture) -> Tensor:
    """The point (…, 2) of least expected distance, by Weiszfeld's algorithm with the scales as smoothing."""
    weight, smooth = m.log_weight.exp(), torch.exp(2 * m.log_scale) + 1e-6

    def step(x: Tensor) -> Tensor:
        pull = weight / ((x[..., None, :] - m.centre).square().sum(-1) + smooth).sqrt()
        return (pull[..., None] * m.centre).sum(-2) / pull.sum(-1, keepdim=True)

    with torch.no_grad():  # from the best of the heaviest centres and the mean of all
        some = weight.topk(min(STARTS, weight.shape[-1]), dim=-1).indices[..., None].expand(*weight.shape[:-1], -1, 2)
        start = torch.cat([(weight[..., None] * m.centre).sum(-2, keepdim=True), m.centre.gather(-2, some)], dim=-2)
        away = (start[..., :, None, :] - m.centre[..., None, :, :]).square().sum(-1) + smooth[..., None, :]
        best = (away.sqrt() * weight[..., None, :]).sum(-1).argmin(-1)
        x = start.gather(-2, best[..., None, None].expand(*best.shape, 1, 2)).squeeze(-2)
        for _ in range(MEDIAN_STEPS[0]):
            x = step(x)
    for _ in range(MEDIAN_STEPS[1]):
        x = step(x)
    return x
