package importer

import (
	"path"
	"strings"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// appRecording has the conversations of a queue recorded in the format that app_queue did.
func (d *draft) appRecording(queue queueapp.QueueName, value string) said {
	format := strings.ToLower(value)
	switch {
	case format == "":
		return needless("it is off, and there is none here")
	case !fileFormat(format):
		return notUnderstood(`write record = "wav" into the queue, if that is meant`, "%q can be no file format; nothing is recorded", tidy(value))
	}
	d.record(queue, format)
	return near("queue.*.record", "MONITOR_FILENAME, MONITOR_OPTIONS and MONITOR_EXEC are not read",
		"name the files by record_name; they are in Asterisk's directory recording, not monitor").of(queue)
}

// centreRecording has them recorded in the format that the file's ending names.
func (c *centre) centreRecording(queue queueapp.QueueName, template string) said {
	if template == "" {
		return needless("it is off, and there is none here")
	}
	format := strings.ToLower(strings.TrimPrefix(path.Ext(template), "."))
	if !fileFormat(format) {
		format = floorplan.DefaultRecording(queue).Format
	}
	c.record(queue, format)
	return near("queue.*.record", "FreeSWITCH's variables are not read, and the files lie below Asterisk's directory recording",
		"name the files by record_name").of(queue)
}

func (d *draft) record(queue queueapp.QueueName, format string) {
	r := floorplan.DefaultRecording(queue)
	r.Format = format
	d.plan.Recordings = append(d.plan.Recordings, r)
}

// fileFormat reports whether a text can be one of Asterisk's file formats.
func fileFormat(s string) bool {
	return s != "" && len(s) <= 16 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
