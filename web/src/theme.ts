import { effect, signal } from '@preact/signals';
import { recall, remember } from './storage.ts';

export type Theme = 'system' | 'light' | 'dark';

const chosen = recall('theme');

export const theme = signal<Theme>(chosen === 'light' || chosen === 'dark' ? chosen : 'system');

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  remember('theme', theme.value === 'system' ? null : theme.value);
});
