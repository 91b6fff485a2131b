// Small choices that outlive the page. A browser that forbids storage only forgets them.
const prefix = 'eco2.';

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, value);
  } catch {
    // Forgotten, then.
  }
}

/** Tells of a change that another tab made. */
export function onChange(name: string, heard: (value: string | null) => void): void {
  addEventListener('storage', (event) => {
    if (event.key === prefix + name) heard(event.newValue);
  });
}
