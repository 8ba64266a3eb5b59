/**
 * Paths of Windows, judged by their text before the system sees them. Windows reads one file under many names, and some
 * names lead elsewhere than they look: to a device, to another stream of the file, to the folder that a drive happens to
 * stand in. Every such name is refused; what is left means one file, whatever its capitals.
 *
 * A short name (`PROGRA~1`) and a junction cannot be told by their text: whoever opens a file judges its real path.
 */

/** Letters of a drive, a server and its share; what follows is a path. */
const DRIVE = /^[A-Za-z]:\\/;
const SHARE = /^\\\\([^\\]+)\\([^\\]+)(?:\\|$)/;
/** Names of devices, in every folder and with every ending. `¹²³` count as digits there. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])$/;
/** Of a whole path, in UTF-16 units: what the system takes. */
const PATH_UNITS = 32_000;
const NAME_UNITS = 255;

/** Why an absolute path is refused, null when it is none of those that lead elsewhere than they look. */
export function windowsPathFault(path: string): string | null {
  const text = path.replaceAll('/', '\\');
  if (text.length > PATH_UNITS) return 'it is too long';
  if (/^\\(?:\\[?.]|\?\?)(?:\\|$)/.test(text)) return 'it goes by the names of devices (`\\\\?\\`, `\\\\.\\`)';
  const share = SHARE.exec(text);
  const start = DRIVE.test(text) ? 3 : (share?.[0].length ?? 0);
  if (start === 0) return wayOf(text);
  const [, server = '', name = ''] = share ?? [];
  return [server, name, ...text.slice(start).split('\\')].map(nameFault).find((fault) => fault !== null) ?? null;
}

/** Why a relative name is refused: it has a drive, or a part of it is none that a file can have. */
export function windowsNameFault(name: string): string | null {
  const text = name.replaceAll('/', '\\');
  if (/^[A-Za-z]:/.test(text) || text.startsWith('\\')) return wayOf(text);
  return (
    text
      .split('\\')
      .map(nameFault)
      .find((fault) => fault !== null) ?? null
  );
}

/** True when the folder is the path or holds it; capitals do not count, `C:\Data` does not hold `C:\Database`. */
export function windowsHolds(folder: string, path: string): boolean {
  const [outer, inner] = [folded(folder), folded(path)];
  return inner === outer || inner.startsWith(outer.endsWith('\\') ? outer : `${outer}\\`);
}

/**
 * As the file system compares names: each unit by itself, so that no letter becomes two. A folder that tells capitals
 * apart (Windows has such, for Linux programs) is open or closed together with its likes.
 */
export function folded(path: string): string {
  const text = path.replaceAll('/', '\\');
  return Array.from({ length: text.length }, (_, index) => {
    const upper = text.charAt(index).toUpperCase();
    return upper.length === 1 ? upper : text.charAt(index);
  }).join('');
}

function wayOf(text: string): string {
  if (/^[A-Za-z]:/.test(text)) return 'it starts in whatever folder the drive stands in: write `C:\\…`';
  if (text.startsWith('\\')) return 'it names no drive: write `C:\\…`, or `\\\\server\\share\\…`';
  return 'it is not absolute: write `C:\\…`, or `\\\\server\\share\\…`';
}

/** One part of a path. Empty ones, `.` and `..` mean what they mean everywhere. */
function nameFault(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return null;
  if (name.length > NAME_UNITS) return `a part of it has more than ${NAME_UNITS} characters`;
  if (name.includes(':')) return 'a part of it names a stream of a file (`:`)';
  if (/[\u0000-\u001f<>"|?*]/.test(name)) return 'a part of it holds a character that no name has';
  if (/[. ]$/.test(name)) return 'a part of it ends in a dot or a blank, which Windows drops';
  // `NUL.txt` and `NUL .txt` are the device too.
  const [stem = ''] = name.split('.', 1);
  return DEVICE.test(stem.trimEnd().toUpperCase()) ? 'a part of it is the name of a device' : null;
}
