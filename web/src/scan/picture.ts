import { call, ours } from '../api/http.ts';
import { Problem, Unreachable } from '../api/problem.ts';

export const maxBytes = 10 * 1024 * 1024;
const taken = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];
/** Above this a phone's photo is made smaller before it is sent; the server looks at 1024 pixels. */
const large = 3 * 1024 * 1024;
const longSide = 2048;

/** What is sent for a file that somebody chose: the file itself, or a smaller JPEG of it. Throws Problem. */
export async function prepare(file: Blob): Promise<Blob> {
  if (taken.includes(file.type) && file.size <= large) return file;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Problem(415, file.type.startsWith('image/') && taken.includes(file.type) ? 'IMAGE_UNREADABLE' : 'UNSUPPORTED_MEDIA');
  }
  const scale = Math.min(1, longSide / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const smaller = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
  if (!smaller || smaller.size > maxBytes) throw new Problem(413, 'TOO_LARGE');
  return smaller;
}

interface Upload {
  key: string;
  upload_url: string;
  required_headers: Record<string, string>;
}

/** Sends the picture where the image service says, which may be a bucket. Repeating the sending changes nothing. */
export async function upload(picture: Blob, onSent: (share: number) => void, signal: AbortSignal): Promise<string> {
  const place = await call<Upload>('POST', '/images/scan', { body: { content_type: picture.type, content_length: picture.size }, signal });
  await put(place, picture, onSent, signal);
  return place.key;
}

/** XMLHttpRequest, because fetch does not tell how much has been sent. */
function put(place: Upload, picture: Blob, onSent: (share: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', place.upload_url);
    for (const [name, value] of Object.entries(place.required_headers)) {
      // The browser itself says how long the body is.
      if (name.toLowerCase() !== 'content-length') request.setRequestHeader(name, value);
    }
    if (new URL(place.upload_url, location.href).origin === location.origin) {
      for (const [name, value] of Object.entries(ours)) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(signal.reason);
    request.onload = () => {
      if (request.status < 300) resolve();
      else void Problem.of(new Response(request.responseText, { status: request.status })).then(reject);
    };
    signal.addEventListener('abort', () => request.abort());
    request.send(picture);
  });
}
