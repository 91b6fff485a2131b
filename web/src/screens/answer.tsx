import type { Answer, JobError, Vision } from '../api/types.ts';
import { t } from '../i18n/index.ts';
import { nameOf } from '../taxonomy.ts';
import { ShieldIcon, TickIcon } from '../ui/icons.tsx';
import { Note } from '../ui/parts.tsx';
import { seenText } from './stages.tsx';

/** What the service asks when somebody adds no words. */
const defaultWords = '이거 어떻게 버려요?';

interface Props {
  answer: Answer;
  vision?: Vision;
  words?: string;
  warnings: string[];
}

export function AnswerView({ answer, vision, words, warnings }: Props) {
  const say = t().answer;
  // Of what was not recognised at all, the answer itself says so.
  const doubt = vision?.primary.middle_code === 'unclassified' ? '' : !answer.final_place ? say.noRule : vision?.unsure ? say.unsure : '';
  return (
    <article class="card answer">
      <h2>{answer.headline}</h2>
      {vision && <p class="seen">{seenText(vision)}</p>}
      {answer.safety.length > 0 && (
        <section class="note danger-note">
          <h3><ShieldIcon />{say.safety}</h3>
          <List items={answer.safety} />
        </section>
      )}
      {answer.final_place && (
        <p class="place">
          <span>{answer.rerouted_from ? say.rerouted(nameOf(answer.rerouted_from.code, answer.rerouted_from.name)) : say.place}</span>
          <strong>{nameOf(answer.final_place.code, answer.final_place.name)}</strong>
        </p>
      )}
      {doubt && <Note kind="warn"><p>{doubt}</p></Note>}
      {answer.insufficiencies.length > 0 && (
        <section class="todo">
          <h3>{say.todo}</h3>
          <ul>
            {answer.insufficiencies.map((one) => (
              <li key={one.tag}>{one.text}{one.blocking && <span class="badge">{say.needed}</span>}</li>
            ))}
          </ul>
        </section>
      )}
      {answer.steps.length > 0 && (
        <section>
          <h3>{say.steps}</h3>
          <ol class="steps">
            {answer.steps.map((step) => (
              <li key={step.order} class={step.done ? 'done' : undefined}>
                <span>{step.text}{step.done && <span class="badge good"><TickIcon />{say.stepDone}</span>}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <p class="words">{answer.user_answer}</p>
      {answer.others_note && <p>{answer.others_note}</p>}
      {answer.cautions.length > 0 && (
        <section>
          <h3>{say.cautions}</h3>
          <List items={answer.cautions} />
        </section>
      )}
      {answer.local_note && (
        <section>
          <h3>{say.local}</h3>
          <p>{answer.local_note}</p>
        </section>
      )}
      {words && words !== defaultWords && <p class="hint">{say.yourWords}: {words}</p>}
      {warnings.includes('LOCAL_MODEL_USED') && <p class="hint">{say.fallback}</p>}
    </article>
  );
}

const List = ({ items }: { items: string[] }) => <ul>{items.map((item) => <li key={item}>{item}</li>)}</ul>;

export function Failure({ end, error }: { end: 'failed' | 'cancelled'; error?: JobError }) {
  const text = error ? (t().problems[error.code] ?? error.message) : '';
  return (
    <article class="card answer">
      <h2>{end === 'cancelled' ? t().answer.cancelled : t().answer.failed}</h2>
      {end === 'failed' && text && <p role="alert">{text}</p>}
    </article>
  );
}
