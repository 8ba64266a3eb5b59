/** PDFs for tests, made by hand. */

/** A PDF of one page for each text, in a standard font. */
export function pdfOf(texts: readonly string[]): Buffer {
  const contents = texts.map((text) => {
    const escaped = text.replaceAll(/[\\()]/g, (mark) => `\\${mark}`);
    return Buffer.from(`BT /F1 12 Tf 20 200 Td (${escaped}) Tj ET`, 'latin1');
  });
  return pdfWith(contents.map((bytes) => ({ bytes, dictionary: '' })));
}

/** A PDF of one page for each stream of drawing commands; `dictionary` says how it is packed. */
export function pdfWith(contents: readonly { readonly bytes: Uint8Array; readonly dictionary: string }[]): Buffer {
  const font = '<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>';
  const pageNumbers = contents.map((_, index) => 3 + index * 2);
  const objects: Buffer[] = [
    object(1, '<</Type/Catalog/Pages 2 0 R>>'),
    object(
      2,
      `<</Type/Pages/Kids[${pageNumbers.map((number) => `${number} 0 R`).join(' ')}]/Count ${contents.length}>>`,
    ),
    ...contents.flatMap(({ bytes, dictionary }, index) => {
      const number = pageNumbers[index]!;
      const page = `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents ${number + 1} 0 R/Resources${font}>>`;
      const stream = Buffer.concat([
        Buffer.from(`<</Length ${bytes.length}${dictionary}>>\nstream\n`, 'latin1'),
        bytes,
        Buffer.from('\nendstream', 'latin1'),
      ]);
      return [object(number, page), object(number + 1, stream)];
    }),
  ];
  const head = Buffer.from('%PDF-1.7\n', 'latin1');
  let at = head.length;
  const places = objects.map((one) => {
    const place = at;
    at += one.length;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`;
  const tail = `${table}trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([head, ...objects, Buffer.from(tail, 'latin1')]);
}

function object(number: number, content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return Buffer.concat([Buffer.from(`${number} 0 obj\n`, 'latin1'), bytes, Buffer.from('\nendobj\n', 'latin1')]);
}
