import { signal } from '@preact/signals';

/** The sentence that a screen reader speaks and that a person sees for a while at the lower edge. */
export const said = signal<{ text: string; number: number } | null>(null);

/** For ears alone: what the eyes see on the screen already. */
export const announced = signal('');

let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  said.value = { text, number: (said.value?.number ?? 0) + 1 };
  clearTimeout(timer);
  timer = setTimeout(() => {
    said.value = null;
  }, 6000);
}
