import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { troubleOf } from './trouble.ts';

/** A screen's heading, which takes the focus when the screen opens, so that nobody has to look for what changed. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Eco²`;
  }, [title]);
  useEffect(() => {
    // Not on the first view: there the reader starts at the top by itself.
    if (opened) heading.current?.focus({ preventScroll: true });
    opened = true;
  }, []);
  return (
    <header class="heading">
      <h1 ref={heading} tabIndex={-1}>{title}</h1>
      {children}
    </header>
  );
}
let opened = false;

interface FieldProps {
  type?: 'text' | 'email' | 'tel' | 'number' | 'date';
  name?: string;
  autocomplete?: string;
  autocapitalize?: string;
  inputMode?: 'email' | 'numeric';
  spellcheck?: boolean;
  required?: boolean;
  min?: number;
  max?: number;
  minLength?: number;
  maxLength?: number;
  value: string | number;
  onInput: (event: InputEvent & { currentTarget: HTMLInputElement }) => void;
  label: string;
  hint?: string;
  error?: string;
  /** A password that can be shown. */
  secret?: boolean;
}

export function Field({ label, hint, error, secret, ...input }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const type = secret ? (shown ? 'text' : 'password') : (input.type ?? 'text');
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div class="field">
      <label for={id}>
        {label}
        {!input.required && <span class="optional"> ({t().app.optional})</span>}
      </label>
      <div class={secret ? 'with-button' : undefined}>
        <input id={id} {...({ ...input, type } as object)} aria-describedby={about} aria-invalid={error ? true : undefined} />
        {secret && (
          <button type="button" class="quiet" aria-pressed={shown} aria-label={`${label} ${t().auth.show}`} onClick={() => setShown(!shown)}>
            {shown ? t().auth.hide : t().auth.show}
          </button>
        )}
      </div>
      {hint && <p id={`${id}-hint`} class="hint">{hint}</p>}
      {error && <p id={`${id}-error`} class="field-error">{error}</p>}
    </div>
  );
}

export function Button({ busy, children, ...button }: JSX.IntrinsicElements['button'] & { busy?: boolean }) {
  return (
    // Not disabled while busy: that would take the focus away from who uses the keyboard. useTask drops the second press.
    <button type="button" {...button} aria-busy={busy || undefined}>
      {busy && <span class="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

/** What went wrong, spoken at once. */
export function Wrong({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error === null || error === undefined) return null;
  const { text, code } = troubleOf(error);
  return (
    <div class="note wrong" role="alert">
      <p>{text}{code && <span class="code"> {t().generic.code(code)}</span>}</p>
      {onRetry && <button type="button" class="quiet" onClick={onRetry}>{t().app.retry}</button>}
    </div>
  );
}

export function Loading() {
  return <p class="loading" role="status"><span class="spinner" aria-hidden="true" />{t().app.loading}</p>;
}

export function Note({ kind = 'plain', children }: { kind?: 'plain' | 'good' | 'warn'; children: ComponentChildren }) {
  return <div class={`note ${kind}`} role="status">{children}</div>;
}

interface ConfirmProps {
  title: string;
  text: string;
  yes: string;
  error?: unknown;
  busy?: boolean;
  onYes: () => void;
  onNo: () => void;
  children?: ComponentChildren;
  /** The yes button waits for something. */
  blocked?: boolean;
}

/** Asks before something that cannot be undone. The browser's own dialog keeps the focus inside and gives it back. */
export function Confirm({ title, text, yes, error, busy, onYes, onNo, children, blocked }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onNo(); }}>
      <h2 id={id}>{title}</h2>
      <p>{text}</p>
      {children}
      <Wrong error={error} />
      <div class="row end">
        <Button class="quiet" onClick={onNo}>{t().app.cancel}</Button>
        <Button class="danger" busy={busy} disabled={blocked} onClick={onYes}>{yes}</Button>
      </div>
    </dialog>
  );
}
