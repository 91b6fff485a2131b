import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { go } from '../router.ts';
import { justSubmitted } from '../scan/recent.ts';
import { Submission, type Phase } from '../scan/submission.ts';
import { CameraIcon, FileIcon } from '../ui/icons.tsx';
import { Button, Heading, Wrong } from '../ui/parts.tsx';
import { mayPass } from '../ui/trouble.ts';
import { useTask } from '../ui/use.ts';

const types = 'image/jpeg,image/png,image/webp,image/gif';

export function Home() {
  const [file, setFile] = useState<Blob | null>(null);
  const [words, setWords] = useState('');
  const [phase, setPhase] = useState<Phase | null>(null);
  // The same wish, tried again, keeps its key; other words or another picture are another wish.
  const submission = useRef<Submission | null>(null);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);

  const task = useTask(async () => {
    if (!file) return;
    if (submission.current?.file !== file || submission.current.words !== words) submission.current = new Submission(file, words);
    try {
      const job = await submission.current.send(setPhase, leaving.current.signal);
      justSubmitted.value = job;
      go(`/scan/${job}`);
    } finally {
      setPhase(null);
    }
  });
  const take = (chosen: Blob | null | undefined) => {
    if (!chosen || task.busy) return;
    task.reset();
    setFile(chosen);
  };

  return (
    <div class="narrow">
      <Heading title={t().scan.title}><p>{t().scan.text}</p></Heading>
      <form class="card scan-form" onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
        <Chooser file={file} onFile={take} />
        {file && (
          <>
            <div class="field">
              <label for="words">{t().scan.words}<span class="optional"> ({t().app.optional})</span></label>
              <textarea id="words" rows={2} maxLength={500} placeholder={t().scan.wordsHint} value={words} onInput={(e) => setWords(e.currentTarget.value)} />
            </div>
            <Wrong error={task.error} onRetry={mayPass(task.error) ? () => void task.run() : undefined} />
            <Button type="submit" class="primary wide large" busy={task.busy}>{task.busy ? <Doing phase={phase} /> : t().scan.submit}</Button>
          </>
        )}
      </form>
    </div>
  );
}

function Doing({ phase }: { phase: Phase | null }) {
  const text = phase?.name === 'uploading' ? `${t().scan.uploading} ${Math.floor(phase.share * 100)}%` : t().scan.submitting;
  return <span>{text}</span>;
}

/** Camera, file, drop or paste. */
function Chooser({ file, onFile }: { file: Blob | null; onFile: (file: Blob | null | undefined) => void }) {
  const camera = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [address, setAddress] = useState<string | null>(null);

  useEffect(() => {
    if (!file) return setAddress(null);
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);

  useEffect(() => {
    const paste = (event: ClipboardEvent) => onFile([...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith('image/')));
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  });

  const taken = (input: HTMLInputElement) => {
    onFile(input.files?.[0]);
    // The same file chosen again is a choice too.
    input.value = '';
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFile(event.dataTransfer?.files[0]);
  };

  return (
    <div
      class={`chooser${over ? ' over' : ''}${address ? ' chosen' : ''}`}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {address ? <img class="preview" src={address} alt={t().scan.picture} /> : <img class="mascot" src="/assets/character/eco.png" alt="" width="120" height="120" />}
      <div class="choices">
        <button type="button" class={address ? 'quiet' : 'primary camera'} data-for="camera" onClick={() => camera.current?.click()}><CameraIcon />{t().scan.camera}</button>
        <button type="button" class={address ? 'quiet' : undefined} onClick={() => files.current?.click()}><FileIcon />{address ? t().scan.another : t().scan.file}</button>
      </div>
      {!address && <p class="hint drop-hint">{over ? t().scan.dropNow : t().scan.drop}</p>}
      {!address && <p class="hint">{t().scan.formats}</p>}
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden onChange={(e) => taken(e.currentTarget)} />
      <input ref={files} type="file" accept={types} hidden data-testid="file" onChange={(e) => taken(e.currentTarget)} />
    </div>
  );
}
