/*
 * What the tests run inside a page, as text: this code is not ours to compile, and the types of browsers would be known in
 * the services too.
 */

export const OUTLINE = `(() => {
  const { lang: language, dir } = document.documentElement;
  const heading = document.querySelector('h1').textContent;
  return {
    language,
    direction: dir || 'ltr',
    headings: document.querySelectorAll('h1').length,
    mains: document.querySelectorAll('main').length,
    titled: document.title.endsWith(heading) && heading.length > 3,
  };
})()`;

/** How many pixels are to be scrolled sideways. */
export const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

export const SMALL_TARGETS = `[...document.querySelectorAll('a, button, input:not([type=hidden])')]
  .filter((target) => {
    const { width, height } = target.getBoundingClientRect();
    return width < 24 || height < 24;
  })
  .map(({ outerHTML }) => outerHTML)`;

export const DOUBLE_TEXT = `document.documentElement.style.setProperty('font-size', '200%')`;

export const FOCUSED_ROLE = `document.activeElement?.getAttribute('role')`;

/** Empty for nothing in the page. */
export const FOCUSED = `(() => {
  const at = document.activeElement;
  if (!at || at === document.body) return '';
  const name = at instanceof HTMLInputElement ? '[' + at.name + ']' : at.textContent.trim().split('\\n')[0];
  return getComputedStyle(at).outlineStyle === 'none' ? name + ' (not seen)' : name;
})()`;
