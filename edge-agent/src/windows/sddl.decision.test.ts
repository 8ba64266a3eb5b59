import { describe, expect, test } from 'vitest';
import { exposedTo, type Guarded, privateList, readSddl } from './sddl.decision.ts';

const OWN = 'S-1-5-80-1-2-3-4-5';
const judge = (text: string, guarded: Guarded): string | null => exposedTo(readSddl(text), guarded, [OWN]);

describe('what is safe', () => {
  test.each<[string, Guarded, string]>([
    ['the list that the agent sets', 'private', `O:BA${privateList([OWN], true)}`],
    ['with a group and the flags of inheritance', 'private', `O:SYG:DUD:PAI(A;OICI;FA;;;SY)(A;;0x1f01ff;;;${OWN})`],
    ['whoever makes something inside owns it', 'private', `O:${OWN}D:P(A;OICIIO;GA;;;CO)(A;;FA;;;SY)`],
    ['others may read settings', 'unchanged', 'O:BAD:(A;;FA;;;BA)(A;;0x1200a9;;;BU)(A;;FR;;;WD)'],
    ['others may add files to C:\\', 'way', 'O:SYD:(A;;FA;;;BA)(A;;LC;;;AU)(A;OICIIO;0x1301bf;;;AU)'],
    ['what is denied', 'private', 'O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)'],
    ['an empty list: nobody', 'private', 'O:BAD:'],
    ['audited', 'private', 'O:BAD:P(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)'],
  ])('%s: %s, %s', (_, guarded, text) => {
    expect(judge(text, guarded)).toBeNull();
  });
});

describe('what is not, and to whom', () => {
  test.each<[string, Guarded, string, string]>([
    ['Users read it, as below ProgramData', 'private', 'O:BAD:(A;;FA;;;BA)(A;OICIID;0x1200a9;;;BU)', 'all users (BU)'],
    ['only what will be inside', 'private', 'O:BAD:(A;OICIIO;FR;;;WD)', 'everyone (WD)'],
    ['a stranger owns it', 'private', `O:S-1-5-21-9-9-9-1001D:(A;;FA;;;SY)`, 'S-1-5-21-9-9-9-1001'],
    ['others write it', 'unchanged', 'O:BAD:(A;;FA;;;BA)(A;;FW;;;BU)', 'all users (BU)'],
    ['others append to it', 'unchanged', 'O:BAD:(A;;LC;;;AU)', 'all who are signed in (AU)'],
    ['others rewrite its list', 'unchanged', 'O:BAD:(A;;FRWD;;;S-1-5-21-1-1-1-1)', 'S-1-5-21-1-1-1-1'],
    ['others take it over', 'unchanged', 'O:BAD:(A;;0x80000;;;NS)', 'Network Service (NS)'],
    ['others delete it', 'unchanged', 'O:BAD:(A;;SD;;;IU)', 'whoever sits at it (IU)'],
    ['others write it, in general', 'unchanged', 'O:BAD:(A;;GW;;;WD)', 'everyone (WD)'],
    ['others delete what is in the folder', 'way', 'O:BAD:(A;;0x40;;;BU)', 'all users (BU)'],
    ['others rename the folder', 'way', 'O:BAD:(A;;0x1301bf;;;AU)', 'all who are signed in (AU)'],
    ['no list at all', 'unchanged', 'O:BA', 'everyone'],
    ['a list that lets everybody', 'unchanged', 'O:BAD:NO_ACCESS_CONTROL', 'everyone'],
    ['a condition', 'private', 'O:BAD:(XA;;FR;;;WD;(@User.Title=="PM" && (Member_of {SID(BA)})))', 'everyone (WD)'],
    ['rights of objects', 'private', 'O:BAD:(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;AN)', 'anonymous users (AN)'],
    ['an entry of an unknown kind', 'private', 'O:BAD:(ZZ;;FR;;;BU)', 'all users (BU)'],
    ['unknown rights', 'unchanged', 'O:BAD:(A;;QQ;;;BU)', 'all users (BU)'],
    ['an entry without an account', 'unchanged', 'O:BAD:(A;;FA)', 'everyone (WD)'],
    ['no such text', 'private', 'nonsense', 'everyone'],
    ['an entry that does not end', 'private', 'O:BAD:(A;;FA;;;BA', 'everyone'],
    ['more after the list', 'private', 'O:BAD:(A;;FA;;;BA)x', 'everyone'],
    ['an owner that is none', 'private', 'O:XXXD:', 'everyone'],
  ])('%s: %s, %s', (_, guarded, text, who) => {
    expect(judge(text, guarded)).toBe(who);
  });
});
