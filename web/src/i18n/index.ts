import { computed, effect, signal } from '@preact/signals';
import { en } from './en.ts';
import { ko, type Words } from './ko.ts';
import { recall, remember } from '../storage.ts';

export type Language = 'ko' | 'en';

const chosen = recall('language');

export const language = signal<Language>(chosen === 'ko' || chosen === 'en' ? chosen : navigator.language.startsWith('ko') ? 'ko' : 'en');

const words = computed<Words>(() => (language.value === 'ko' ? ko : en));

/** The words of the current language; a component that calls it is drawn again when the language changes. */
export const t = (): Words => words.value;

export function choose(wanted: Language): void {
  language.value = wanted;
  remember('language', wanted);
}

effect(() => {
  document.documentElement.lang = language.value;
});

const locale = () => (language.value === 'ko' ? 'ko-KR' : 'en-GB');

export const day = (iso: string): string => new Date(iso).toLocaleDateString(locale(), { dateStyle: 'medium' });

export const moment = (iso: string): string => new Date(iso).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' });

export const clock = (iso: string): string => new Date(iso).toLocaleTimeString(locale(), { hour12: false, fractionalSecondDigits: 1 } as Intl.DateTimeFormatOptions);
