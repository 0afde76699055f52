import { Controller, Get } from '@nestjs/common';
import { Answers, Summary } from '#service';
import { TEMPLATES, WorkflowTemplates } from './templates.js';

@Controller('v1/workflow-templates')
export class TemplatesController {
  @Get()
  @Summary('Workflows to begin with.')
  @Answers(200, WorkflowTemplates)
  list(): WorkflowTemplates {
    return { templates: Object.values(TEMPLATES) };
  }
}
