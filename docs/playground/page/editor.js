// The editor: CodeMirror with Python, in the page's colours.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const COLOURS = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--keyword)" },
    { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
    { tag: [tags.number, tags.bool, tags.null], color: "var(--number)" },
    { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
    {
      tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)],
      color: "var(--defined)",
    },
  ]),
);

/**
 * Who only passes through with Tab changes nothing: the editor takes Tab for itself once something was typed in it, or
 * it was clicked at; until Escape.
 */
function passing() {
  let inside = false,
    pointed = false;
  const handlers = EditorView.domEventHandlers({
    mousedown: () => void (inside = pointed = true),
    focus: () => {
      inside = pointed;
      pointed = false;
    },
    keydown: ({ key }) => void (!["Tab", "Shift", "Escape"].includes(key) && (inside = true)),
  });
  return { handlers, indent: (how) => (view) => inside && how(view) };
}

/** An editor in an element. `changed` is called after each edit, `run` by Ctrl + Enter. */
export function editor(parent, { changed, run }) {
  const { handlers, indent } = passing();
  const extensions = [
    handlers,
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    indentUnit.of("    "),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    COLOURS,
    python(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Python code; Escape, then Tab leaves the editor" }),
    keymap.of([
      { key: "Mod-Enter", run: () => (run(), true), preventDefault: true },
      { key: "Shift-Enter", run: () => (run(), true), preventDefault: true },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      { key: "Tab", run: indent(indentWithTab.run), shift: indent(indentWithTab.shift) },
    ]),
    EditorView.updateListener.of((update) => update.docChanged && changed()),
  ];
  const view = new EditorView({ parent, state: EditorState.create({ extensions }) });
  return {
    get code() {
      return view.state.doc.toString();
    },
    set code(text) {
      view.setState(EditorState.create({ doc: text, extensions }));
    },
    focus: () => view.focus(),

    /** Mark the line of an error, or no line any more. */
    mark(wrong) {
      const { doc } = view.state,
        found = [];
      if (wrong?.line >= 1 && wrong.line <= doc.lines) {
        const line = doc.line(wrong.line),
          indent = line.text.length - line.text.trimStart().length;
        found.push({ from: line.from + indent, to: line.to, severity: "error", message: wrong.message });
      }
      view.dispatch(setDiagnostics(view.state, found));
    },

    /** Go to a line. */
    reveal(number) {
      const line = view.state.doc.line(Math.min(number, view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.to }, scrollIntoView: true });
      view.focus();
    },
  };
}
