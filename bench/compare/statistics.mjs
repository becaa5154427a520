/** Value at a share of the sorted numbers, on the straight line between neighbours. */
export function quantile(numbers, share) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const place = share * (sorted.length - 1), below = Math.floor(place), above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

export const median = numbers => quantile(numbers, 0.5);

/** Lower and upper quartile. */
export const quartiles = numbers => [quantile(numbers, 0.25), quantile(numbers, 0.75)];

/** Ratios pair by pair: run i of one side was made right before run i of the other. */
export const ratios = (ours, others) => ours.map((speed, index) => speed / others[index]);
