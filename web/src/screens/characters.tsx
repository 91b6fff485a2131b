import { useEffect } from 'preact/hooks';
import { get } from '../api/http.ts';
import type { CatalogEntry, OwnedCharacter, Stats } from '../api/types.ts';
import { day, language, t } from '../i18n/index.ts';
import { examplesOf, loadNames, nameOf, spoken } from '../taxonomy.ts';
import { Heading, Loading, Wrong } from '../ui/parts.tsx';
import { useLoaded } from '../ui/use.ts';

/** The collection: who was met, and how to meet the others. */
export function Characters() {
  useEffect(loadNames, []);
  const { value, error, again } = useLoaded(async (signal) => {
    const [catalog, owned, stats] = await Promise.all([
      get<CatalogEntry[]>('/character/catalog', { signal }),
      get<OwnedCharacter[]>('/users/me/characters', { signal }),
      get<Stats>('/users/me/stats', { signal }),
    ]);
    return { catalog, owned: new Map(owned.map((one) => [one.code, one])), stats };
  });
  if (error !== null) return <div class="narrow"><Heading title={t().characters.title} /><Wrong error={error} onRetry={again} /></div>;
  if (!value) return <div class="narrow"><Heading title={t().characters.title} /><Loading /></div>;
  const { catalog, owned, stats } = value;
  const met = catalog.filter((one) => owned.has(one.code)).length;
  return (
    <div>
      <Heading title={t().characters.title}>
        <p><strong>{t().characters.count(met, catalog.length)}</strong> · {t().characters.stats(stats.scans, stats.eligible_scans)}</p>
        <progress max={catalog.length} value={met} aria-label={t().characters.count(met, catalog.length)} />
      </Heading>
      {met === catalog.length && <p class="note good">{t().characters.all}</p>}
      <ul class="collection">
        {catalog.map((one) => {
          const mine = owned.get(one.code);
          return (
            <li key={one.code} class={`card ${mine ? 'met' : 'missing'}`}>
              <img src={one.image_url} alt="" width="112" height="112" />
              <h2>{spoken(one)}{spoken(one) !== one.name && <span lang="ko"> {one.name}</span>}</h2>
              {mine ? (
                <>
                  <p class="speech" lang="ko">“{one.dialog}”</p>
                  <p class="hint">{t().characters.since(day(mine.acquired_at))}</p>
                </>
              ) : (
                <>
                  <p class="how">{one.match_code ? t().characters.how(nameOf(one.match_code, one.match ?? '')) : t().characters.welcome}</p>
                  <p class="hint">{examples(one)}</p>
                  <p class="visually-hidden">{t().characters.missing}</p>
                </>
              )}
            </li>
          );
        })}
      </ul>
      <section class="card rules">
        <h2>{t().characters.rules}</h2>
        <ul>{t().characters.ruleList.map((rule) => <li key={rule}>{rule}</li>)}</ul>
      </section>
    </div>
  );
}

function examples(one: CatalogEntry): string {
  const list = language.value === 'ko' ? one.type : examplesOf(one.match_code ?? '').join(', ');
  return list === '' ? '' : t().characters.examples(list);
}
