/// Everything that can be done on the canvas, by whatever means: mouse, keyboard and menus call these.

export { add, addNote, underPointer, type Where } from "./adding";
export { go, selectAll, selectNothing } from "./choosing";
export { clipText, copyByMenu, duplicate, pasteByMenu, pasteText, remove } from "./clips";
export { collapse, sentenceOf } from "./collapsing";
export { isDrawn, itemOf, places } from "./drawn";
export { redo, undo } from "./history";
export { dropOnLine, link, standsAlone } from "./lines";
export { arrange, nudge, placeAt } from "./moving";
export { openChosen, openClicked } from "./opening";
