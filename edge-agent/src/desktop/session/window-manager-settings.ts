/**
 * Settings of openbox: no keys and no menus of its own, one desktop, a new window gets the focus. It takes no
 * clicks on windows either: a window manager that does may change the focus between the clicks of a double click. Steps
 * bring a window to the front themselves.
 */

/** The file's text (openbox.org, "Help:Configuration"). */
export function windowManagerSettings(): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><followMouse>no</followMouse><focusLast>yes</focusLast><raiseOnFocus>no</raiseOnFocus></focus>
  <placement><policy>Smart</policy><center>yes</center></placement>
  <theme><titleLayout>NLIMC</titleLayout><keepBorder>yes</keepBorder><animateIconify>no</animateIconify></theme>
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <resize><popupShow>Never</popupShow></resize>
  <keyboard></keyboard>
  <mouse>
    <context name="Titlebar"><mousebind button="Left" action="Drag"><action name="Move"/></mousebind></context>
  </mouse>
  <menu></menu>
</openbox_config>
`;
}
