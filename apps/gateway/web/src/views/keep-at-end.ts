import { type ElementPart, noChange } from 'lit-html';
import { Directive, directive, type PartInfo, PartType } from 'lit-html/directive.js';

// Within so many pixels of the end, somebody is reading the end.
const nearEnd = 80;

/** Keeps a scrolled list at its end while new things come, unless somebody has scrolled up to read. */
class KeepAtEnd extends Directive {
  #count = -1;

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error('keepAtEnd() belongs on an element.');
  }

  override render(_count: number): unknown {
    return noChange;
  }

  override update({ element }: ElementPart, [count]: [number]): unknown {
    const isNew = count !== this.#count;
    const isAtEnd = this.#count < 0 || element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
    this.#count = count;
    // The children are rendered after this part; then there is something to scroll to.
    if (isNew && isAtEnd) queueMicrotask(() => (element.scrollTop = element.scrollHeight));
    return noChange;
  }
}

export const keepAtEnd = directive(KeepAtEnd);
