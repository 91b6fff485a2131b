import type { Reward } from '../api/types.ts';
import { t } from '../i18n/index.ts';
import { spoken } from '../taxonomy.ts';

/** What a scan earned. A new friend gets a moment of joy, as calm as the reader asked the device to be. */
export function RewardView({ reward, celebrate }: { reward: Reward; celebrate: boolean }) {
  const { status, character, reason_code } = reward;
  if (status === 'granted' && character) {
    return (
      <section class={`card reward new${celebrate ? ' joy' : ''}`} data-testid="reward">
        {celebrate && <div class="confetti" aria-hidden="true">{Array.from({ length: 18 }, (_, n) => <i key={n} />)}</div>}
        <img src={character.image_url} alt="" width="144" height="144" />
        <div>
          <h2>{t().reward.granted}</h2>
          <p class="name"><span>{spoken(character)}</span>{spoken(character) !== character.name && <span lang="ko"> {character.name}</span>}</p>
          <p class="speech" lang="ko">“{character.dialog}”</p>
          <p class="links"><a href="#/characters">{t().reward.seeAll}</a></p>
        </div>
      </section>
    );
  }
  if (status === 'already_owned' && character) {
    return (
      <section class="card reward" data-testid="reward">
        <img src={character.image_url} alt="" width="72" height="72" />
        <div>
          <h2>{t().reward.owned}</h2>
          <p>{t().reward.ownedText(spoken(character))}</p>
        </div>
      </section>
    );
  }
  return (
    <section class="card reward none" data-testid="reward">
      <div>
        <h2>{status === 'pending' ? t().scan.rewardPending : t().reward.none}</h2>
        <p>{status === 'pending' ? t().reward.pending : t().reward.reasons[reason_code ?? '']}</p>
      </div>
    </section>
  );
}
