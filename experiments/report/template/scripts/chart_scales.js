// Linear and logarithmic scales with round ticks.

function scale(low, high, from, to, logarithmic) {
  const bend = logarithmic ? Math.log10 : (value) => value;
  const bent = [bend(low), bend(high)];
  const span = bent[1] - bent[0] || 1;
  const place = (value) => from + ((bend(value) - bent[0]) / span) * (to - from);
  place.back = (at) => {
    const value = bent[0] + ((at - from) / (to - from)) * span;
    return logarithmic ? 10 ** value : value;
  };
  place.ticks = logarithmic ? logarithmicTicks(low, high) : linearTicks(low, high);
  return place;
}

function linearTicks(low, high, wanted = 5) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const ticks = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + step * 1e-9; number += 1) {
    ticks.push(Number((number * step).toPrecision(12)));
  }
  return ticks;
}

function logarithmicTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) {
      const value = Number((factor * 10 ** power).toPrecision(6));
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push(value);
    }
  }
  return ticks.length > 9 ? ticks.filter((value) => value.toExponential().startsWith("1e")) : ticks;
}

// All ticks of an axis with as many digits as their distance asks for.
function tickText(value, ticks) {
  const largest = Math.max(...ticks.map(Math.abs));
  const ratios = ticks.length > 2 && ticks[2] / ticks[1] > 1.5 && ticks[0] > 0;
  if (ratios) return short(value);
  if (largest >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`.replace("-", "−");
  if (largest >= 1e5) return `${Number((value / 1e3).toPrecision(5))}k`.replace("-", "−");
  const gap = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : largest || 1;
  const digits = Math.min(Math.max(0, -Math.floor(Math.log10(gap) + 1e-9)), 8);
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

// Exponential moving average without its bias towards the first value (Kingma and Ba, Adam, Sec. 3).
function smoothed(values, weight) {
  if (!weight) return values;
  let sum = 0;
  return values.map((value, place) => {
    sum = weight * sum + (1 - weight) * value;
    return sum / (1 - weight ** (place + 1));
  });
}

// Where a line is to break: steps between which another phase has trained.
function breaks(steps) {
  const gaps = steps.slice(1).map((step, place) => step - steps[place]);
  const usual = [...gaps].sort((first, second) => first - second)[Math.floor(gaps.length / 2)] || 1;
  return new Set(gaps.flatMap((gap, place) => (gap > 4 * usual ? [place + 1] : [])));
}
