import path from "node:path";

export const Folds = 5;

/** The fold that the committed head-eval.bin has never seen. */
export const HeldOut = 4;

/** Neighbours in number are the same object from another side, so a whole block of twenty goes to one fold. */
const BlockSize = 20;

/** By the number in the file's name; a name without one counts as its place in the sorted list. */
export function foldOf(photo: string, place: number): number {
  const number = Number(/\d+/.exec(path.basename(photo))?.[0] ?? place);
  return Math.floor(number / BlockSize) % Folds;
}
