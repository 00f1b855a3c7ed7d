package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBody is far more than any command needs.
const maxBody = 4 << 10

// decode reads a command's JSON body strictly into v. No body at all leaves v as it is.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	if t := r.Header.Get("Content-Type"); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil || media != "application/json" {
			return problem(http.StatusUnsupportedMediaType, "media-type", "The body is not JSON", "Send Content-Type: application/json.")
		}
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return badBody(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return problem(http.StatusBadRequest, "body", "The body is more than one JSON object", fmt.Sprintf("It should end at byte %d.", dec.InputOffset()))
	}
	return nil
}

// badBody says what is wrong with a body, and where.
func badBody(err error) *Problem {
	var (
		syntax  *json.SyntaxError
		kind    *json.UnmarshalTypeError
		tooLong *http.MaxBytesError
	)
	switch {
	case errors.As(err, &tooLong):
		return problem(http.StatusRequestEntityTooLarge, "body", "The body is too long", fmt.Sprintf("At most %d bytes are read.", tooLong.Limit))
	case errors.As(err, &syntax):
		return problem(http.StatusBadRequest, "body", "The body is not JSON", fmt.Sprintf("At byte %d: %s.", syntax.Offset, syntax.Error()))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem(http.StatusBadRequest, "body", "The body is not JSON", "It ends too early.")
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "the body"
		}
		return problem(http.StatusUnprocessableEntity, "body", field+" has the wrong type", fmt.Sprintf("A JSON %s is no %s.", kind.Value, kindName(kind)))
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return problem(http.StatusUnprocessableEntity, "body", "The body has a field that is not known",
			strings.TrimPrefix(err.Error(), "json: ")+"; GET /v1/openapi.yaml has those that are.")
	default:
		return problem(http.StatusBadRequest, "body", "The body cannot be read", err.Error())
	}
}

func kindName(e *json.UnmarshalTypeError) string {
	switch name := e.Type.Kind().String(); name {
	case "struct":
		return "object"
	case "int32":
		return "whole number of 32 bits"
	default:
		return name
	}
}

// plain refuses text that is too long or would not print on one line: it ends in logs, on terminals and in XML.
func plain(field, text string, most int) error {
	switch {
	case utf8.RuneCountInString(text) > most:
		return problem(http.StatusUnprocessableEntity, "body", field+" is too long", fmt.Sprintf("At most %d characters.", most))
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return problem(http.StatusUnprocessableEntity, "body", field+" has characters that do not print", "Send plain text on one line.")
	default:
		return nil
	}
}
