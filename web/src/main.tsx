import { render } from 'preact';
import { App } from './app.tsx';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/forms.css';
import './styles/door.css';
import './styles/scan.css';
import './styles/answer.css';
import './styles/reward.css';
import './styles/lists.css';

render(<App />, document.getElementById('app')!);

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // After the first view, so that it takes nothing from it.
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => {}));
}
