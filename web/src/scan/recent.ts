import { signal } from '@preact/signals';

/** The job that this tab handed in last: its screen need not ask for a result that cannot be there. */
export const justSubmitted = signal<string | null>(null);
