const Memory = 10;
const MaxSteps = 200;

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);

/** Limited-memory BFGS with a halving line search, for smooth convex functions. Stops when a step gains less than a millionth. */
export function minimise(start: Float64Array, f: (x: Float64Array, gradient: Float64Array) => number): Float64Array {
  let x = start;
  let gradient = new Float64Array(x.length);
  let value = f(x, gradient);
  const past: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  for (let step = 0; step < MaxSteps; step++) {
    const direction = Float64Array.from(gradient, (g) => -g);
    const alphas = past.map(() => 0);
    for (let i = past.length - 1; i >= 0; i--) {
      const { s, y, rho } = past[i]!;
      const alpha = (alphas[i] = rho * dot(s, direction));
      direction.forEach((d, j) => (direction[j] = d - alpha * (y[j] as number)));
    }
    const last = past.at(-1);
    const scale = last === undefined ? 1 / Math.sqrt(dot(gradient, gradient)) : dot(last.s, last.y) / dot(last.y, last.y);
    direction.forEach((d, j) => (direction[j] = d * scale));
    past.forEach(({ s, y, rho }, i) => {
      const beta = rho * dot(y, direction);
      direction.forEach((d, j) => (direction[j] = d + (s[j] as number) * ((alphas[i] as number) - beta)));
    });

    const slope = dot(gradient, direction);
    const nextGradient = new Float64Array(x.length);
    let length = 1;
    let nextX = x;
    let nextValue = Infinity;
    for (; length > 1e-10; length /= 2) {
      nextX = x.map((v, j) => v + length * (direction[j] as number));
      nextValue = f(nextX, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) {
        break;
      }
    }
    if (!(value - nextValue > 1e-6 * Math.abs(value))) {
      return nextValue < value ? nextX : x;
    }
    const s = nextX.map((v, j) => v - (x[j] as number));
    const y = nextGradient.map((v, j) => v - (gradient[j] as number));
    const curvature = dot(s, y);
    if (curvature > 1e-12) {
      past.push({ s, y, rho: 1 / curvature });
      if (past.length > Memory) past.shift();
    }
    [x, gradient, value] = [nextX, nextGradient, nextValue];
  }
  return x;
}
