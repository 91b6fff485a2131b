import { signal } from '@preact/signals';
import { get } from './api/http.ts';
import type { Taxonomy } from './api/types.ts';
import { language } from './i18n/index.ts';

const names = signal<Map<string, { ko: string; en: string; items: string[] }>>(new Map());
let asked: Promise<void> | undefined;

/** Gets the names of what can be told apart, once. Until they are there, the Korean names in the answers do. */
export function loadNames(): void {
  asked ??= get<Taxonomy>('/scan/categories').then(
    ({ majors }) => {
      const known = new Map<string, { ko: string; en: string; items: string[] }>();
      for (const major of majors) {
        known.set(major.code, { ko: major.name_ko, en: major.name_en, items: [] });
        for (const middle of major.middles) {
          known.set(middle.code, { ko: middle.name_ko, en: middle.name_en, items: middle.items.map((item) => item.code) });
          for (const item of middle.items) known.set(item.code, { ko: item.name_ko, en: item.name_en, items: [] });
        }
      }
      names.value = known;
    },
    () => {
      asked = undefined;
    },
  );
}

/** The name of a category in the page's language. */
export const nameOf = (code: string | undefined, korean: string): string => names.value.get(code ?? '')?.[language.value] ?? korean;

/** Up to three things that belong to a category. */
export const examplesOf = (code: string): string[] => (names.value.get(code)?.items ?? []).slice(0, 3).map((item) => names.value.get(item)![language.value].split(/[,(]/)[0]!.trim());

/** The name of a character as Koreans write it, and for others also how it is said; the code tells. */
export const spoken = (character: { code: string; name: string }): string => {
  if (language.value === 'ko') return character.name;
  const latin = character.code.replace(/^char-/, '');
  return latin.charAt(0).toUpperCase() + latin.slice(1);
};
