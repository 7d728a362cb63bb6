"""Three ways to look at a graph, a room each: `draw` a picture, `explain` a gradient in words, `explore` a page.

=================  ==================================================================================
`picture/`         `draw`: what is shown as data (`composer`, `boxes`), as DOT (`dot`), as SVG (`svg`)
`explanation/`     `explain`: the factors (`ways`), what to know about them (`findings`), on paper
                   (`layout`, `writing`)
`explore`          the page, made of a graph as plain lists (`tape`), of formulas with gaps (`templates`),
                   of the table as JavaScript (`javascript`), and of the modules in `page/` (`bundle`)
=================  ==================================================================================

None of them knows the others, but for the page, which carries a picture for readers without JavaScript. All of them
stand on `autograd.structure`, what a graph is, and `autograd.formulas`, how it is written.
"""
