# The published series, rebuilt from two files alone, with nothing but base R (4.0 or later).
#
#   curl -sO http://localhost:8000/api/v1/exports/assessments.csv
#   curl -s "http://localhost:8000/api/v1/exports/figures.csv?actor=all&reading=balance&method=1.1" -o figures.csv
#   Rscript rebuild-the-series.R assessments.csv figures.csv
#
# The arithmetic is that of the method page (method 1.1, sections 2 to 4); no part of the scorecard's code is used.

files <- commandArgs(trailingOnly = TRUE)
table_of <- function(file) read.csv(file, colClasses = "character", encoding = "UTF-8", na.strings = NULL)
assessments <- table_of(files[1])
published <- table_of(files[2])
published$value <- as.numeric(published$value)
published$day <- as.Date(published$day)

weight <- c(0.1, 0.2, 0.4, 0.8, 1.0)
half_life <- c(60, 120, 365, 1095, 730) # days
certainty <- c(confirmed = 1.0, reported = 0.75, rumoured = 0.25)
local <- 0.25 # of local reach
cap <- 1.0 # of talk on one side
k <- 2.0 # of the prior
never <- as.Date("9999-12-31")

# The day from which an act counts: of a coarser date the last day of its period, or the day it came on record in it.
effective <- function(row) {
  day <- as.Date(row$date)
  if (row$date_precision == "day") return(day)
  months <- c(month = 1, quarter = 3, year = 12)[[row$date_precision]]
  at <- as.POSIXlt(day)
  first <- at
  first$mon <- at$mon %/% months * months
  first$mday <- 1
  first <- as.Date(first)
  last <- seq(first, by = paste(months, "months"), length.out = 2)[2] - 1
  recorded <- if (nzchar(row$recorded_at)) as.Date(row$recorded_at) else last
  if (recorded >= first && recorded <= last) recorded else last
}

rows <- split(assessments, seq_len(nrow(assessments)))
days <- do.call(c, lapply(rows, effective))
kept <- days >= min(published$day)
assessments <- assessments[kept, ]
assessments$from <- days[kept]
assessments$strength <- as.integer(assessments$strength)
acts <- split(assessments, assessments$id)
head_of <- lapply(acts, function(rows) rows[1, ])
from <- do.call(c, lapply(head_of, function(row) row$from))
until <- do.call(c, lapply(head_of, function(row) if (nzchar(row$until)) as.Date(row$until) else never))
highest <- vapply(acts, function(rows) max(rows$strength), 0L)
# The C order: as the ids stand in the files, whatever the language of this machine.
order_of <- names(acts)[order(from, names(acts), method = "radix")]
rank_of <- setNames(seq_along(order_of), order_of)

# An act may end earlier ones, or put them to sleep until its own end. Talk ends no deed, and a rumour ends nothing.
may_end <- function(later, earlier) {
  if (!(earlier %in% order_of) || rank_of[[earlier]] >= rank_of[[later]]) return(FALSE)
  if (head_of[[later]]$certainty == "rumoured") return(FALSE)
  !(highest[[later]] %in% 1:2) || highest[[earlier]] %in% 1:2
}
named <- function(text) if (nzchar(text)) strsplit(text, " ", fixed = TRUE)[[1]] else character()

end <- until
ended <- character()
undone <- setNames(vector("list", length(order_of)), order_of)
sleepers <- undone
for (later in order_of) {
  for (earlier in named(head_of[[later]]$supersedes)) {
    if (may_end(later, earlier) && !(earlier %in% ended)) {
      ended <- c(ended, earlier)
      end[[earlier]] <- min(until[[earlier]], from[[later]])
      undone[[later]] <- c(undone[[later]], earlier)
    }
  }
  for (earlier in named(head_of[[later]]$suspends)) {
    if (may_end(later, earlier) && until[[later]] < never) {
      sleepers[[earlier]] <- c(sleepers[[earlier]], later)
      undone[[later]] <- c(undone[[later]], earlier)
    }
  }
}

# What an act undoes on the other side is taken off what it gives; and an act that takes the place of one on its own side
# counts for at least what that one still did, up to one act in operation.
credit <- list()
for (id in order_of) {
  for (place in seq_len(nrow(acts[[id]]))) {
    row <- acts[[id]][place, ]
    about <- row$recommendation
    worth <- weight[row$strength] * certainty[[row$certainty]] * if (row$reach == "local") local else 1
    sides <- switch(row$direction, "1" = c(worth, 0), "-1" = c(0, worth), c(worth, worth) / 2)
    had <- c(0, 0)
    for (earlier in undone[[id]]) {
      before <- credit[[paste(earlier, about)]]
      if (!is.null(before) && until[[earlier]] > from[[id]]) {
        age <- as.numeric(from[[id]] - from[[earlier]])
        had <- had + before$sides * 2^(-age / half_life[before$strength])
      }
    }
    sides <- pmax(0, sides - rev(had))
    if (row$direction == "1") sides[1] <- max(sides[1], min(had[1], weight[5]))
    if (row$direction == "-1") sides[2] <- max(sides[2], min(had[2], weight[5]))
    credit[[paste(id, about)]] <- list(id = id, about = about, strength = row$strength, sides = sides)
  }
}

# On each day: what is in force, faded; talk capped on each side; and the balance of both.
about_of <- vapply(credit, function(each) each$about, "")
series <- function(about, days) {
  total <- matrix(0, length(days), 2)
  talk <- total
  for (each in credit[about_of == about]) {
    counts <- days >= from[[each$id]] & days < end[[each$id]]
    for (other in sleepers[[each$id]]) counts <- counts & !(days >= from[[other]] & days < end[[other]])
    left <- counts * 2^(-as.numeric(days - from[[each$id]]) / half_life[each$strength])
    if (each$strength <= 2) talk <- talk + left %o% each$sides else total <- total + left %o% each$sides
  }
  total <- total + pmin(talk, cap)
  100 * (total[, 1] - total[, 2]) / (total[, 1] + total[, 2] + k)
}

apart <- 0
for (about in unique(published$recommendation)) {
  told <- published[published$recommendation == about, ]
  found <- series(about, told$day)
  apart <- max(apart, abs(found - told$value))
  last <- which.max(told$day)
  cat(sprintf("%-16s %s  published %9.4f  rebuilt %9.4f\n", about, told$day[last], told$value[last], found[last]))
}
cat(sprintf("largest difference over %d scores: %.0e\n", nrow(published), apart))
stopifnot(apart < 1e-9)
